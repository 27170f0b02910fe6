import { sha256 } from "#crypto";
import { LedgerError } from "../errors.ts";

/** Of an entry: 16 bytes of the event's id, 32 of a SHA-256. */
export const RECORD_ENTRY_BYTES = 48;
const ID_BYTES = 16;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NO_ID = new Uint8Array(ID_BYTES); // no UUID: those have a version
const DASH = 45;
const NIBBLES = new Uint8Array(128);
for (let value = 0; value < 16; value += 1) NIBBLES[value.toString(16).charCodeAt(0)] = value;
const LOST_ID = new Uint8Array(ID_BYTES).fill(0xff);

/**
 * What a log has for a record: its id and the SHA-256 of its envelope's exact bytes. The payload is not in it, but its salted
 * hash is in the envelope: what is erased later leaves the log as it is.
 * @param id UUID in lower case @throws LedgerError TRIPLINE_LEDGER_INVALID for another id
 */
export function recordEntry(id: string, envelope: Uint8Array): Uint8Array {
  if (!UUID.test(id))
    throw new LedgerError("TRIPLINE_LEDGER_INVALID", `${id.slice(0, 64)} is no UUID in lower case`);
  const entry = new Uint8Array(RECORD_ENTRY_BYTES);
  // By hand: this runs for every record.
  for (let at = 0, char = 0; at < ID_BYTES; at += 1, char += 2) {
    if (id.charCodeAt(char) === DASH) char += 1;
    entry[at] = (NIBBLES[id.charCodeAt(char)] ?? 0) * 16 + (NIBBLES[id.charCodeAt(char + 1)] ?? 0);
  }
  entry.set(sha256(envelope), ID_BYTES);
  return entry;
}

/** Of a position whose bytes are no record (a dead letter): the hash of those bytes; of none where the position has none. */
export function unreadableEntry(value: Uint8Array | null): Uint8Array {
  const entry = new Uint8Array(RECORD_ENTRY_BYTES);
  entry.set(NO_ID);
  entry.set(sha256(value ?? new Uint8Array()), ID_BYTES);
  return entry;
}

/** Of a position that the topic no longer held when the log came to it. */
export function lostEntry(): Uint8Array {
  const entry = new Uint8Array(RECORD_ENTRY_BYTES);
  entry.set(LOST_ID);
  return entry;
}

/** An entry as it is read back; `hash` is a view of the entry. */
export type ReadEntry =
  | { kind: "record"; id: string; hash: Uint8Array }
  | { kind: "unreadable"; hash: Uint8Array }
  | { kind: "lost" };

/** @throws LedgerError TRIPLINE_LEDGER_INVALID for what is none of these */
export function readEntry(entry: Uint8Array): ReadEntry {
  if (entry.length !== RECORD_ENTRY_BYTES)
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      `an entry of ${entry.length} bytes is no record's: it would have ${RECORD_ENTRY_BYTES}`,
    );
  const id = entry.subarray(0, ID_BYTES);
  const hash = entry.subarray(ID_BYTES);
  if (id.every((byte) => byte === 0)) return { kind: "unreadable", hash };
  if (id.every((byte) => byte === 0xff)) {
    if (hash.every((byte) => byte === 0)) return { kind: "lost" };
    throw new LedgerError("TRIPLINE_LEDGER_INVALID", "an entry marks its position as lost and has a hash");
  }
  return { kind: "record", id: uuidOf(id), hash };
}

function uuidOf(bytes: Uint8Array): string {
  let text = "";
  for (const [at, byte] of bytes.entries()) {
    if (at === 4 || at === 6 || at === 8 || at === 10) text += "-";
    text += byte.toString(16).padStart(2, "0");
  }
  return text;
}
