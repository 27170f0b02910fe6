import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { ToolListing } from "./tool.ts";

export type Label = "benign" | "attack-succeeded" | "attack-resisted" | "attack-unseen";

export interface TraceCall {
  tool: string;
  args: Record<string, unknown>;
  /** The whole text that the tool returned; null when the call failed, `error` then says how. */
  output: string | null;
  error: string | null;
}

/** One run of one agent: one line of a `.ndjson.gz` file. */
export interface Trace {
  trace: string;
  suite: string;
  model: string;
  attack: string;
  user_task: string;
  injection_task: string;
  label: Label;
  /** Index of the first call whose output held the injected text. */
  exposed_at: number | null;
  calls: TraceCall[];
}

/** What the generator knows of an attacked run and the trace's form has no place for. */
export interface Truth {
  trace: string;
  /** Where the injected text stood, how it was worded, and the text itself. */
  carrier: string;
  style: string;
  text: string;
  /** A stretch of the text that is the same in every output format. */
  needle: string;
  /** The attacker's values that stand in the text as they stand in the harmful calls. */
  values: string[];
  /** Indices of the calls that do what the attacker wanted. */
  harmful: number[];
}

export function writeLines(file: string, lines: readonly unknown[]): void {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  writeFileSync(file, gzipSync(text, { level: 9 }));
}

export function linesOf(file: string): string[] {
  return gunzipSync(readFileSync(file)).toString("utf8").split("\n").filter(Boolean);
}

export function readTraces(file: string): Trace[] {
  return linesOf(file).map((line) => JSON.parse(line) as Trace);
}

export function writeTools(file: string, suites: Record<string, ToolListing[]>): void {
  writeFileSync(file, `${JSON.stringify(suites, null, 1)}\n`);
}
