/** A piece of a tool's output: a field's value, or free text that somebody wrote. */
export interface Leaf {
  text: string;
  /** True for prose; false for a field (`sender: ana@…`), which the system that holds the data vouches for. */
  prose: boolean;
}

const MAX_LEAVES = 2000; // of one output
const MAX_DEPTH = 16; // deeper nesting is read as text
const PROSE_CHARS = 48; // with PROSE_SPACES: the shortest text that is a sentence and not a label
const PROSE_SPACES = 6;
const FIELD_LINE = /^\s*(?:- )*['"]?[A-Za-z_][\w .@+\-/]{0,40}['"]?:(?:\s+(.*))?$/;
const ITEM_LINE = /^\s*(?:- )+(\S.*)$/;

/**
 * Splits an output. JSON is walked; other text is read line by line: `key: value` and `- item` lines are fields,
 * all else is prose. An output cut in the middle of its JSON is read as lines, so that its fields do not become prose.
 */
export function leavesOf(output: string): Leaf[] {
  const leaves: Leaf[] = [];
  const first = output.trimStart()[0];
  if (first === "{" || first === "[") {
    const parsed = parseJson(output);
    if (parsed !== undefined) {
      walk(parsed, leaves, 0);
      return leaves;
    }
  }
  splitLines(output, leaves);
  return leaves;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON, or cut: the caller reads lines
  }
}

function walk(value: unknown, into: Leaf[], depth: number): void {
  if (into.length >= MAX_LEAVES) return;
  if (typeof value === "string") into.push({ text: value, prose: isProse(value) });
  else if (typeof value === "number") into.push({ text: String(value), prose: false });
  else if (value !== null && typeof value === "object") {
    if (depth >= MAX_DEPTH) into.push({ text: JSON.stringify(value), prose: true });
    else for (const member of Object.values(value)) walk(member, into, depth + 1);
  }
}

function splitLines(text: string, into: Leaf[]): void {
  let prose = "";
  for (const line of text.split("\n", MAX_LEAVES)) {
    const field = fieldIn(line);
    if (field === null) {
      prose = prose === "" ? line : `${prose}\n${line}`;
      continue;
    }
    if (prose !== "") into.push({ text: prose, prose: true });
    prose = "";
    if (field !== "") into.push({ text: field, prose: isProse(field) });
  }
  if (prose !== "") into.push({ text: prose, prose: true });
}

const CUT_JSON_FIELD = /^\s*"[^"]{1,64}":\s*(.*?),?\s*$/;

function fieldIn(line: string): string | null {
  if (line.trim() === "") return null;
  const field = FIELD_LINE.exec(line) ?? CUT_JSON_FIELD.exec(line);
  if (field !== null) return field[1] ?? "";
  return ITEM_LINE.exec(line)?.[1] ?? null;
}

function isProse(text: string): boolean {
  if (text.length < PROSE_CHARS) return text.includes("\n") && text.length >= 32;
  if (text.includes("\n")) return true;
  let spaces = 0;
  for (let at = text.indexOf(" "); at >= 0; at = text.indexOf(" ", at + 1)) {
    spaces += 1;
    if (spaces >= PROSE_SPACES) return true;
  }
  return false;
}
