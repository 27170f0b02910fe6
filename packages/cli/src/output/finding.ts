import type { Alert } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import type { CommandContext } from "../context.ts";
import { localTime } from "../time/show.ts";
import { who } from "./calls.ts";
import { tone } from "./print.ts";

/** A finding in words, for an alert and for the incident that it is in. */

/** Its calls in the order they happened, with what links them. */
export function evidenceLines({ evidence }: Pick<Alert, "evidence">, context: CommandContext): string[] {
  return evidence.map((item, at) => {
    const call = `${item.server ?? "?"}/${item.tool ?? "?"}`;
    const note = item.note === undefined ? "" : `: ${item.note}`;
    return `  ${at + 1}. ${localTime(item.time)}  ${terminalLine(`${call}  ${item.outcome ?? "outcome not yet known"}`)}  ${tone(context, "dim", item.record_id)}\n     ${terminalLine(`${item.step}${note}`)}`;
  });
}

/** What was weighed, the weightiest first; what spoke against it is below zero. */
export function scoreLines({ score }: Pick<Alert, "score">, context: CommandContext): string[] {
  if (score === undefined) return [];
  const weighed = score.contributions.toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points));
  return [
    "",
    `${tone(context, "strong", "Why so grave")}  ${score.total} points`,
    ...weighed.map(({ name, points, note }) => {
      const words = `${name.replaceAll("_", " ")}${note === undefined ? "" : `: ${note}`}`;
      return `  ${(points > 0 ? `+${points}` : String(points)).padStart(5)}  ${terminalLine(words)}`;
    }),
  ];
}

/** On whose account: credential, principal and agent, as far as they are known. */
export function whoOf(alert: Alert, names: Readonly<Record<string, readonly string[]>>): string {
  const { actor } = alert;
  const parts = [
    actor?.credential === undefined
      ? undefined
      : `credential ${actor.credential} (${actor.assurance ?? "unknown"})`,
    actor?.principal === undefined ? undefined : `for ${who(actor.principal, names)}`,
    actor?.agent === undefined ? undefined : `agent ${actor.agent}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? alert.group : parts.join(", ");
}
