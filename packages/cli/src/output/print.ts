import { styleText } from "node:util";
import type { CommandContext } from "../context.ts";

/** What JSON leaves as it is and a terminal obeys or does not show: DEL, C1 controls, bidi overrides, separators. */
const UNESCAPED = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One JSON value a line, for `--json`, in which every control and format character is escaped. */
export function printJson(context: CommandContext, values: readonly unknown[]): void {
  for (const value of values) context.out(`${JSON.stringify(value).replace(UNESCAPED, escaped)}\n`);
}

function escaped(character: string): string {
  return character
    .split("") // by UTF-16 unit, as JSON has it
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

export type Tone = "bad" | "warn" | "good" | "dim" | "strong";

const STYLES = { bad: "red", warn: "yellow", good: "green", dim: "dim", strong: "bold" } as const;

/** Our own words in colour: only on a terminal, and not where NO_COLOR is set. */
export function tone(context: CommandContext, kind: Tone, text: string): string {
  const plain = context.width === null || (context.env.NO_COLOR ?? "") !== "";
  return plain ? text : styleText(STYLES[kind], text, { validateStream: false });
}

export function severityTone(severity: string): "bad" | "warn" | "dim" {
  if (severity === "critical" || severity === "high") return "bad";
  return severity === "medium" ? "warn" : "dim";
}
