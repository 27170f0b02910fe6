import { DESKS } from "../blind/generate/desks.ts";
import { DOMAINS } from "../blind/generate/domains.ts";
import type { ToolListing } from "../form/tool.ts";
import type { Made } from "./attacked.ts";
import { ordinaryRunsOf, runsOf, toolsOf } from "./delegations.ts";

export interface GeneratedSet {
  /** Path below `blind/`, without ending. */
  name: string;
  made: Made[];
  tools: Record<string, ToolListing[]>;
}

/** Domains whose tasks hand the word to a third party's text, without and with attacks. */
export function delegations(): GeneratedSet {
  const tools = Object.fromEntries(DOMAINS.map((domain) => [domain.suite, toolsOf(domain)]));
  return { name: "delegations/delegations", made: DOMAINS.flatMap(runsOf), tools };
}

/** Customer service, coding and medical records, ordinary only. */
export function other(): GeneratedSet {
  const tools = Object.fromEntries(DESKS.map((desk) => [desk.suite, toolsOf(desk)]));
  return { name: "other/other", made: DESKS.flatMap((desk) => ordinaryRunsOf(desk, 4)), tools };
}
