import { terminalBlock, terminalLine } from "@tripline/service/escape";
import type { DeadLetter, DeadLetterAnswer, DeadLetterBytes } from "../api/dead-letter-answers.ts";
import type { CommandContext } from "../context.ts";
import { localTime } from "../time/show.ts";
import { tone } from "./print.ts";
import { table } from "./table.ts";

const SHORT_ID = 12; // hex digits; enough to name one among thousands

/** Letters as a table; ids whole where nobody's terminal limits them. */
export function lettersTable(letters: readonly DeadLetter[], context: CommandContext): string {
  return table(
    [
      { head: "written" },
      { head: "state" },
      { head: "step" },
      { head: "reason" },
      { head: "from" },
      { head: "tenant" },
      { head: "bytes", align: "right" },
      { head: "key", shrinks: true },
      { head: "id" },
    ],
    letters.map((letter) => [
      localTime(letter.time),
      letter.state,
      letter.step,
      letter.reason,
      place(letter),
      letter.tenant ?? "-",
      String(letter.bytes),
      letter.key ?? "-",
      context.width === null ? letter.id : letter.id.slice(0, SHORT_ID),
    ]),
    context.width,
  );
}

/** One letter: why in words, where it is wrong, what to do. */
export function showLetter(
  { dead_letter: letter, why, verdict, related }: DeadLetterAnswer,
  context: CommandContext,
): void {
  const row = (name: string, value: string) => context.out(`${name.padEnd(12)}${terminalLine(value)}\n`);
  row("letter", letter.id);
  row("state", stateOf(letter));
  if (letter.decision_reason !== null) row("", `"${letter.decision_reason}"`);
  row("written", `${localTime(letter.time)}  (${letter.time})`);
  row("from", `${place(letter)} of ${letter.generation}`);
  row("step", letter.step);
  row("tenant", letter.tenant ?? "names none: the operator's");
  row("key", letter.key ?? "none");
  row("size", `${letter.bytes} B${letter.cut ? ", of which the letter holds the beginning" : ""}`);
  row("reason", letter.reason);
  context.out("\n");
  row("what", why.what);
  for (const { what, path, byte } of verdict.faults) {
    row("where", `${path ?? (byte === null ? "" : `byte ${byte}`)}: ${what}`.replace(/^: /, ""));
  }
  const kind = verdict.state === "valid_now" ? "good" : verdict.state === "still_refused" ? "bad" : "warn";
  context.out(`${"now".padEnd(12)}${tone(context, kind, terminalLine(verdict.words))}\n`);
  row("do", why.todo);
  if (letter.replay_of !== null) row("came of", `the replay of ${letter.replay_of}`);
  for (const other of related) {
    const about =
      other.replay_of === letter.id ? "its replay was refused again" : `the same record at ${other.step}`;
    row("see also", `${other.id} (${about}, ${other.state})`);
  }
}

export function showBytes({ headers, encoding, value }: DeadLetterBytes, context: CommandContext): void {
  context.out(tone(context, "warn", "\nas it came: never redacted, untrusted\n"));
  for (const [name, header] of Object.entries(headers))
    context.out(`  │ ${terminalLine(`${name}: ${header}`)}\n`);
  if (value === null) context.out("no value\n");
  else context.out(`${encoding === "base64" ? "not UTF-8, in base64:\n" : ""}${terminalBlock(value)}\n`);
}

function place({ topic, partition, offset }: DeadLetter): string {
  return `${topic}/${partition}/${offset}`;
}

function stateOf(letter: DeadLetter): string {
  if (letter.state === "open") return "open";
  const to = letter.replayed_to;
  const where = to === null ? "" : ` to ${letter.topic}/${to.partition}/${to.offset}`;
  return `${letter.state}${where} by ${letter.decided_by ?? "?"}, ${localTime(letter.decided_at ?? "")}`;
}
