import { terminalLine } from "@tripline/service/escape";
import type { RevocationAnswer, RevocationRow } from "../api/answers.ts";
import { duration, localTime } from "../time/show.ts";

/** A revocation and how fast it went, step by step. */
export function timelineText({ revocation, timeline }: RevocationAnswer, now: Date): string {
  const head = `  ${revocation.scope} ${terminalLine(revocation.subject)} is ${stateOf(revocation, now)} (by ${terminalLine(revocation.by)}: ${terminalLine(revocation.reason)})`;
  return [head, ...timeline.steps.map(step)].join("\n");
}

function step(item: RevocationAnswer["timeline"]["steps"][number]): string {
  const when = item.at === null ? "not yet" : localTime(item.at);
  const after = item.after_ms === null ? "" : `+${duration(item.after_ms)}`;
  return `    ${when.padEnd(24)}${after.padStart(10)}  ${terminalLine(item.label)}`;
}

/** `refused`, `reinstated`, or `expired` when its time has passed. */
export function stateOf(revocation: RevocationRow, now: Date): string {
  if (revocation.state !== "active") return revocation.state;
  return revocation.expires_at !== null && Date.parse(revocation.expires_at) <= now.getTime()
    ? "expired"
    : "refused";
}
