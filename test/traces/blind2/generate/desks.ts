import type { Domain } from "../../generate/domain.ts";
import { sync, warehouse } from "./desks/data.ts";
import { answers, calendar } from "./desks/office.ts";
import { forms, oncall, upgrades } from "./desks/operations.ts";

/** Kinds of ordinary work that the other sets lack. */
export const DESKS: readonly Domain[] = [answers, calendar, forms, oncall, sync, upgrades, warehouse];
