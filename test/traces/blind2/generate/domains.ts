import type { Domain } from "../../generate/domain.ts";
import { charity } from "./domains/charity.ts";
import { coop } from "./domains/coop.ts";
import { fleet } from "./domains/fleet.ts";
import { hotel } from "./domains/hotel.ts";
import { insurer } from "./domains/insurer.ts";
import { newsroom } from "./domains/newsroom.ts";

/** Six more companies, whose tasks hand the word to third parties. */
export const DOMAINS: readonly Domain[] = [charity, coop, fleet, hotel, insurer, newsroom];
