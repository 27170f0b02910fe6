import { readEnvelope } from "./envelope.ts";
import { type Leaf, Leaves, MAX_OUTPUT_CHARS } from "./leaf.ts";
import { readPlainText } from "./plain-text.ts";
import { plainTerminal } from "./terminal.ts";
import { unescaped } from "./unescape.ts";

/**
 * Splits a tool's output, whatever its format, into leaves. Never throws; the time is linear in the output, of which
 * MAX_OUTPUT_CHARS are read. The README beside says how each format decides. The same leaves for the same output: nobody
 * may change them.
 */
export function leavesOf(output: string): readonly Readonly<Leaf>[] {
  const text = output.length > MAX_OUTPUT_CHARS ? output.slice(0, MAX_OUTPUT_CHARS) : output;
  if (latest.text !== text) latest = { text, leaves: split(text) };
  return latest.leaves;
}

/** Several rules look at one output one after the other. A pure function's memory: it changes speed and nothing else. */
let latest: { text: string; leaves: readonly Readonly<Leaf>[] } = { text: "", leaves: split("") };

function split(output: string): Leaf[] {
  const into = new Leaves();
  const read = plainTerminal(output);
  const text = asText(read);
  if (!readEnvelope(text, into)) readPlainText(text, into);
  const leaves = into.finish();
  uniteRepeated(leaves);
  return leaves;
}

/** A whole output that is one JSON string is read as what it says. */
function asText(output: string): string {
  if (output.charCodeAt(0) !== 34) return output;
  const end = output.trimEnd();
  if (end.length < 2 || !end.endsWith('"')) return output;
  const inside = end.slice(1, -1);
  return inside.includes('"') && !inside.includes('\\"') ? output : unescaped(inside);
}

const MIN_REPEATED_CHARS = 48; // shorter texts recur by chance

/**
 * Servers say the same twice: as text and as `structuredContent`, as plain text and as HTML. Records that hold the same
 * free text are one, or its author's address would seem to be known from elsewhere.
 */
function uniteRepeated(leaves: readonly Leaf[]): void {
  const first = new Map<string, number>();
  const same = new Map<number, number>(); // record -> an earlier one
  const root = (record: number): number => {
    let at = record;
    for (let next = same.get(at); next !== undefined; next = same.get(at)) at = next;
    return at;
  };
  for (const { text, prose, record } of leaves) {
    if (!prose || text.length < MIN_REPEATED_CHARS) continue;
    const known = first.get(text);
    if (known === undefined) first.set(text, record);
    else if (root(known) !== root(record))
      same.set(Math.max(root(known), root(record)), Math.min(root(known), root(record)));
  }
  if (same.size === 0) return;
  for (const leaf of leaves) leaf.record = root(leaf.record);
}
