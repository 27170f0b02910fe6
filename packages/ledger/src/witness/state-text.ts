import { sha256 } from "#crypto";
import { encodeCheckpoint, parseCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { encodeText, toHex } from "../note/index.ts";
import type { WitnessedTree } from "./decide.ts";

/**
 * A witness's memory as text: a line with the SHA-256 of what follows, then each log's tree as a checkpoint's text, with an
 * empty line behind it. People can read it; a flipped bit or a lost end shows.
 */

const HEADER = "tripline-witness-state/1 ";

export function encodeState(trees: ReadonlyMap<string, WitnessedTree>): Uint8Array {
  const origins = [...trees].sort(([a], [b]) => (a < b ? -1 : 1));
  const body = origins
    .map(([origin, { size, root }]) => `${encodeCheckpoint({ origin, size, root, extensions: [] })}\n`)
    .join("");
  return encodeText(`${HEADER}${digest(body)}\n${body}`);
}

/** @throws LedgerError TRIPLINE_LEDGER_DAMAGED */
export function parseState(text: string): Map<string, WitnessedTree> {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end < 0 || text.slice(0, end) !== HEADER + digest(body)) {
    throw new LedgerError("TRIPLINE_LEDGER_DAMAGED", "the witness's state is not as it was written");
  }
  const blocks = body.split("\n\n").slice(0, -1);
  return new Map(
    blocks.map((block) => {
      const { origin, size, root } = parseCheckpoint(`${block}\n`);
      return [origin, { size, root }];
    }),
  );
}

function digest(body: string): string {
  return toHex(sha256(encodeText(body)));
}
