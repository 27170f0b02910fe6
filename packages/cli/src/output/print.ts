import { styleText } from "node:util";
import type { CommandContext } from "../context.ts";

/** One JSON value a line, for `--json`. JSON escapes every control character by itself. */
export function printJson(context: CommandContext, values: readonly unknown[]): void {
  for (const value of values) context.out(`${JSON.stringify(value)}\n`);
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
