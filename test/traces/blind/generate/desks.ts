import type { Domain } from "../../generate/domain.ts";
import { coder } from "./desks/code.ts";
import { helpdesk } from "./desks/helpdesk.ts";
import { ferry, telecom } from "./desks/service.ts";
import { ward } from "./desks/ward.ts";

/** Customer service, coding and medical records: ordinary work only. */
export const DESKS: readonly Domain[] = [coder, ferry, helpdesk, telecom, ward];
