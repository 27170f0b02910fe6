import { DESKS } from "../blind/generate/desks.ts";
import { DOMAINS } from "../blind/generate/domains.ts";
import { DESKS as DESKS2 } from "../blind2/generate/desks.ts";
import { DOMAINS as DOMAINS2 } from "../blind2/generate/domains.ts";
import type { ToolListing } from "../form/tool.ts";
import type { Made } from "./attacked.ts";
import { ordinaryRunsOf, runsOf, toolsOf } from "./delegations.ts";
import type { Domain } from "./domain.ts";

export interface GeneratedSet {
  /** Path below this folder's parent, without ending. */
  name: string;
  made: Made[];
  tools: Record<string, ToolListing[]>;
}

function attackedSet(name: string, domains: readonly Domain[]): GeneratedSet {
  const tools = Object.fromEntries(domains.map((domain) => [domain.suite, toolsOf(domain)]));
  return { name, made: domains.flatMap(runsOf), tools };
}

function ordinarySet(name: string, desks: readonly Domain[]): GeneratedSet {
  const tools = Object.fromEntries(desks.map((desk) => [desk.suite, toolsOf(desk)]));
  return { name, made: desks.flatMap((desk) => ordinaryRunsOf(desk, 4)), tools };
}

/** Domains whose tasks hand the word to a third party's text, without and with attacks. */
export const delegations = (): GeneratedSet => attackedSet("blind/delegations/delegations", DOMAINS);
export const delegations2 = (): GeneratedSet => attackedSet("blind2/delegations/delegations", DOMAINS2);

/** Customer service, coding and medical records, ordinary only. */
export const other = (): GeneratedSet => ordinarySet("blind/other/other", DESKS);

/** Calendar, mail answers, data, operations, forms: ordinary only. */
export const ordinary2 = (): GeneratedSet => ordinarySet("blind2/ordinary/ordinary", DESKS2);
