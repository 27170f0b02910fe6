import { LedgerError } from "../errors.ts";
import { decodeBase64, encodeBase64 } from "../note/base64.ts";
import { isNoteCharacters } from "../note/text.ts";

const HASH_BYTES = 32; // SHA-256, RFC 6962

/** A log's tree head (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Which log: one line, not empty. */
  origin: string;
  /** Leaves in the tree: 0 to 2^53 - 1. */
  size: number;
  /** 32 bytes */
  root: Uint8Array;
  /** Opaque lines behind the root, not empty; seldom used. */
  extensions: readonly string[];
}

/** The note's text. @throws LedgerError TRIPLINE_LEDGER_NOTE_MALFORMED for what no checkpoint can hold */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint;
  for (const line of [origin, ...extensions]) {
    if (line === "" || line.includes("\n") || !isNoteCharacters(line)) {
      throw malformed("origin and extension lines are not empty and have no control characters");
    }
  }
  if (!Number.isSafeInteger(size) || size < 0)
    throw malformed("its size is a whole number from 0 to 2^53 - 1");
  if (root.length !== HASH_BYTES) throw malformed(`its root has ${HASH_BYTES} bytes`);
  return [origin, size, encodeBase64(root), ...extensions, ""].join("\n");
}

/** A note's text that was verified as this. @throws LedgerError TRIPLINE_LEDGER_NOTE_MALFORMED */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith("\n") || !isNoteCharacters(text)) throw malformed("it is not lines of text");
  const [origin = "", sizeLine = "", rootLine = "", ...extensions] = text.slice(0, -1).split("\n");
  if (origin === "") throw malformed("its first line, the origin, is empty");
  const size = parseTreeSize(sizeLine);
  if (size === null) throw malformed("its second line is not a size from 0 to 2^53 - 1");
  const root = decodeBase64(rootLine);
  if (root?.length !== HASH_BYTES) throw malformed(`its third line is not ${HASH_BYTES} bytes of base64`);
  if (extensions.includes("")) throw malformed("an extension line is empty");
  return { origin, size, root, extensions };
}

/** Decimal without leading zeroes, at most 2^53 - 1; null for anything else. */
export function parseTreeSize(text: string): number | null {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return null;
  const size = Number(text);
  return Number.isSafeInteger(size) ? size : null;
}

function malformed(why: string): LedgerError {
  return new LedgerError("TRIPLINE_LEDGER_NOTE_MALFORMED", `this is not a checkpoint: ${why}`);
}
