import { sha256 } from "#crypto";
import { parseCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { decodeText, encodeText, toHex } from "../note/index.ts";
import type { WitnessedTree } from "./decide.ts";

/**
 * A witness's memory as text: a line with the SHA-256 of what follows, then each log's last checkpoint as it signed it, with an
 * empty line behind it. People can read it; a flipped bit or a lost end shows.
 */

const HEADER = "tripline-witness-state/1 ";

export function encodeState(trees: ReadonlyMap<string, WitnessedTree>): Uint8Array {
  const origins = [...trees].sort(([a], [b]) => (a < b ? -1 : 1));
  const notes = origins.flatMap(([, { note }]) => (note === null ? [] : [decodeText(note)]));
  const body = notes.map((note) => `${note}\n`).join("");
  return encodeText(`${HEADER}${digest(body)}\n${body}`);
}

/** @throws LedgerError TRIPLINE_LEDGER_DAMAGED */
export function parseState(text: string): Map<string, WitnessedTree> {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end < 0 || text.slice(0, end) !== HEADER + digest(body)) {
    throw new LedgerError("TRIPLINE_LEDGER_DAMAGED", "the witness's state is not as it was written");
  }
  // A checkpoint's text has no empty line, and neither have signature lines: blocks are text, signatures, text, signatures …
  const blocks = body.split("\n\n").slice(0, -1);
  const trees = new Map<string, WitnessedTree>();
  for (let at = 0; at < blocks.length; at += 2) {
    const { origin, size, root } = parseCheckpoint(`${blocks[at]}\n`);
    trees.set(origin, { size, root, note: encodeText(`${blocks[at]}\n\n${blocks[at + 1]}\n`) });
  }
  return trees;
}

function digest(body: string): string {
  return toHex(sha256(encodeText(body)));
}
