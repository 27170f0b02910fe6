import type { ExplainedCondition, ExplainedTest, Explanation } from "@tripline/detection";
import { terminalLine } from "@tripline/service/escape";
import type { CommandContext } from "../context.ts";
import { tone } from "../output/print.ts";
import { localTime } from "../time/show.ts";

const PHASES = {
  begin: "its intent, before it ran",
  end: "its end",
  whole: "the whole call",
  other: "no call",
} as const;

/** An explanation for a person: the verdict first, then what it rests on. */
export function explanationText(
  explained: Explanation,
  rule: { id: string; kind: string; hash: string; stage: 1 | 2 },
  context: CommandContext,
): string {
  const { record, phase, verdict, conditions, groups, before, after, alerts } = explained;
  const strong = (text: string) => tone(context, "strong", text);
  const call = record.tool === undefined ? record.type : `${record.server ?? "?"}/${record.tool}`;
  const lines = [
    `${strong(terminalLine(call))}  ${localTime(record.time)}  ${record.type} ${record.id}`,
    `  ${tone(context, alerts.length > 0 ? "bad" : "good", terminalLine(verdict))}`,
    `  rule ${terminalLine(rule.id)} (${rule.kind}, stage ${rule.stage}, version ${rule.hash.slice(0, 12)}); the record shows ${PHASES[phase]}`,
  ];
  if (conditions.length > 0) {
    lines.push("", `  ${strong("What it asks")} (values as captured, untrusted)`);
    for (const condition of conditions) lines.push(...conditionLines(condition, 2, context));
  }
  for (const { by, label, missing } of groups) {
    const shown = label === null ? `none: the record has no ${missing.join(", ")}` : label;
    lines.push("", `  ${strong("Group")} by ${by.join(", ")}: ${terminalLine(shown)}`);
  }
  if (after.length > 0) {
    lines.push("", `  ${strong("What it remembers")}`);
    const same = before.join() === after.join();
    for (const line of same ? [] : before) lines.push(`    before: ${terminalLine(line)}`);
    for (const line of after) lines.push(`    ${same ? "before and after" : "after"}: ${terminalLine(line)}`);
  }
  for (const alert of alerts) {
    lines.push("", `  ${strong("Alert")} ${alert.severity}: ${terminalLine(alert.summary)}`);
    for (const { step, time, server, tool, note } of alert.evidence)
      lines.push(
        `    ${terminalLine(`${step}: ${localTime(time)} ${server ?? "?"}/${tool ?? "?"}  ${note ?? ""}`)}`,
      );
    for (const { name, points, note } of alert.score?.contributions ?? [])
      lines.push(
        `    ${points > 0 ? "+" : ""}${points} ${terminalLine(`${name}${note === undefined ? "" : `: ${note}`}`)}`,
      );
  }
  return `${lines.join("\n")}\n\n`;
}

function conditionLines(condition: ExplainedCondition, depth: number, context: CommandContext): string[] {
  const { label, holds, terms, tests } = condition;
  return [
    `${"  ".repeat(depth)}${mark(holds, context)} ${terminalLine(label)}`,
    ...tests.map((test) => testLine(test, depth + 1, context)),
    ...(onlyNames(condition) ?? terms).flatMap((term) => conditionLines(term, depth + 1, context)),
  ];
}

/** A name in a condition and the selection of that name say the same: one line is enough. */
function onlyNames({ label, terms }: ExplainedCondition): ExplainedCondition[] | null {
  const [only] = terms;
  return terms.length === 1 && only !== undefined && label.split(": ").at(-1) === only.label
    ? [...only.terms, ...only.tests.map(asTerm)]
    : null;
}

function asTerm(test: ExplainedTest): ExplainedCondition {
  return { label: testText(test), holds: test.holds, terms: [], tests: [] };
}

function testLine(test: ExplainedTest, depth: number, context: CommandContext): string {
  return `${"  ".repeat(depth)}${mark(test.holds, context)} ${terminalLine(testText(test))}`;
}

function testText({ field, wanted, found, more }: ExplainedTest): string {
  const values =
    found === null ? "nothing" : `${JSON.stringify(found)}${more > 0 ? ` and ${more} more` : ""}`;
  return `${field} wants ${wanted}, found ${values}`;
}

function mark(holds: boolean, context: CommandContext): string {
  return holds ? tone(context, "good", "yes") : tone(context, "dim", "no ");
}
