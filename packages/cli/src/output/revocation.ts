import { terminalLine } from "@tripline/service/escape";
import type { RevocationAnswer } from "../api/answers.ts";
import { duration, localTime } from "../time/show.ts";

/** A revocation and how fast it went, step by step. */
export function timelineText({ revocation, timeline }: RevocationAnswer): string {
  const head = `  ${revocation.scope} ${terminalLine(revocation.subject)} is ${
    revocation.state === "active" ? "refused" : "reinstated"
  } (by ${terminalLine(revocation.by)}: ${terminalLine(revocation.reason)})`;
  return [head, ...timeline.steps.map(step)].join("\n");
}

function step(item: RevocationAnswer["timeline"]["steps"][number]): string {
  const when = item.at === null ? "not yet" : localTime(item.at);
  const after = item.after_ms === null ? "" : `+${duration(item.after_ms)}`;
  return `    ${when.padEnd(24)}${after.padStart(10)}  ${terminalLine(item.label)}`;
}
