import { terminalLine } from "@tripline/service/escape";
import type { RevocationAnswer, RevocationRow } from "../api/answers.ts";
import { duration, localTime } from "../time/show.ts";

/** A revocation and how fast it went, step by step. */
export function timelineText({ revocation, timeline }: RevocationAnswer, now: Date): string {
  const head = `  ${revocation.scope} ${terminalLine(revocation.subject)} is ${stateOf(revocation, now)} (by ${terminalLine(revocation.by)}: ${terminalLine(revocation.reason)})`;
  return [
    head,
    ...timeline.steps.map(step),
    ...underWay(timeline.in_flight ?? []),
    ...onlyReporting(timeline.only_reporting ?? []),
  ].join("\n");
}

type InFlight = NonNullable<RevocationAnswer["timeline"]["in_flight"]>;

/** Calls that had begun when the key died. */
function underWay(calls: InFlight): string[] {
  if (calls.length === 0) return [];
  return [
    "    under way when it was decided, and perhaps in effect:",
    ...calls.map(({ server, tool, started, outcome }) => {
      const what = terminalLine(`${server ?? "?"}/${tool ?? "?"}`);
      return `      ${localTime(started)}  ${what}  ${outcome === null ? "not known to have ended" : `ended: ${terminalLine(outcome)}`}`;
    }),
  ];
}

function onlyReporting(producers: readonly string[]): string[] {
  return producers.length === 0
    ? []
    : [`    only report and refuse nothing: ${producers.map(terminalLine).join(", ")}`];
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
