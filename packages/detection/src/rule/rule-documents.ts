import { type Document, isMap, isNode, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { RuleFileProblem } from "./rule-problem.ts";

const MAX_FILE_CHARS = 256 * 1024; // a rule with many cases is about 5 KiB
const MAX_DOCUMENTS = 100;
const MAX_ALIASES = 50; // YAML aliases can multiply a small file without end
const MAX_DEPTH = 64; // of maps and lists; whoever walks through them must not run out of stack

/** One YAML document of a rule file. */
export interface RuleDocument {
  readonly value: unknown;
  /** The line (from 1) of the deepest part of `path` that the document has. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** Reads the YAML documents of a file; empty ones are left out. A document that is no YAML is a problem. */
export function readDocuments(
  text: string,
  file: string,
): { documents: RuleDocument[]; problems: RuleFileProblem[] } {
  const problem = (line: number, message: string): RuleFileProblem => ({ file, line, path: "", message });
  if (text.length > MAX_FILE_CHARS)
    return { documents: [], problems: [problem(1, `expected at most ${MAX_FILE_CHARS} characters`)] };
  if (deepest(text) > MAX_DEPTH * 4)
    return {
      documents: [],
      problems: [problem(1, `expected at most ${MAX_DEPTH} lists and maps inside each other`)],
    };
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, logLevel: "error" });
  const all = Array.isArray(parsed) ? parsed : [];
  if (all.length > MAX_DOCUMENTS)
    return { documents: [], problems: [problem(1, `expected at most ${MAX_DOCUMENTS} documents`)] };
  const documents: RuleDocument[] = [];
  const problems: RuleFileProblem[] = [];
  for (const document of all) {
    const start = lines.linePos(document.range?.[0] ?? 0).line;
    const fault = document.errors[0];
    if (fault !== undefined) {
      const reason = fault.message.split("\n")[0] ?? "";
      problems.push(problem(lines.linePos(fault.pos[0]).line, `expected YAML: ${reason}`));
      continue;
    }
    if (document.contents === null) continue;
    const value = plainValue(document);
    if ("problem" in value) problems.push(problem(start, value.problem));
    else if (value.value !== null)
      documents.push({ value: value.value, lineOf: (path) => lineIn(document, lines, path) });
  }
  return { documents, problems };
}

function plainValue(document: Document): { value: unknown } | { problem: string } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return depthOf(value, MAX_DEPTH)
      ? { value }
      : { problem: `expected at most ${MAX_DEPTH} lists and maps inside each other` };
  } catch (cause) {
    if (cause instanceof ReferenceError)
      return { problem: `expected YAML aliases that fit: ${cause.message}` };
    throw cause;
  }
}

/** An upper bound of how deep flow collections go, before a parser that calls itself for each of them. */
function deepest(text: string): number {
  let open = 0;
  let most = 0;
  for (const char of text) {
    if (char === "[" || char === "{") {
      open += 1;
      most = Math.max(most, open);
    } else if ((char === "]" || char === "}") && open > 0) open -= 1;
  }
  return most;
}

function depthOf(value: unknown, left: number): boolean {
  if (value === null || typeof value !== "object") return true;
  return left > 0 && Object.values(value).every((member) => depthOf(member, left - 1));
}

function lineIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key));
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}
