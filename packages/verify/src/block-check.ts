import { isSha256, RECORD_ENTRY_BYTES } from "@tripline/ledger/verify";
import { sameBytesAt } from "./bytes.ts";
import { isHashOf, payloadHashIn } from "./payload-hash.ts";
import type { StoredBlock, StoredPayload, StoredRow } from "./sources.ts";

const HASH_AT = 16;

/** A position that is not simply one row that fits, with all that is stored there. */
export interface OddPosition {
  index: number;
  entry: Uint8Array;
  rows: readonly StoredRow[];
  payloads: readonly StoredPayload[];
}

/** Whether the row is the one that was sealed here: its id, and the hash of its exact bytes. */
export function isEntryOf(entry: Uint8Array, { id, envelope }: Pick<StoredRow, "id" | "envelope">): boolean {
  return (
    entry.length === RECORD_ENTRY_BYTES && sameBytesAt(entry, 0, id) && isSha256(envelope, entry, HASH_AT)
  );
}

/** What is the matter with a sealed envelope's payload; null for nothing. */
export type PayloadState = "gone" | "modified" | "doubled" | "unexpected" | "misfiled" | null;

export function payloadState(row: StoredRow, payloads: readonly StoredPayload[]): PayloadState {
  const expected = payloadHashIn(row.envelope);
  const [payload] = payloads;
  if (expected === null) return payload === undefined ? null : "unexpected";
  if (payload === undefined) return "gone";
  if (payloads.length > 1) return "doubled";
  if (!sameBytesAt(payload.recordId, 0, row.id)) return "misfiled";
  return payload.bytes !== null && isHashOf(expected, payload.bytes) ? null : "modified";
}

/**
 * Compares positions with their entries, each with one row and its payload as they should be counted at once, the others handed out.
 * This is the loop that every record goes through.
 * @param entries those of the leaves from `first` on @param whole told of each row that fits
 */
export function checkPositions(
  entries: readonly Uint8Array[],
  first: number,
  block: Readers,
  whole: ((row: StoredRow) => void) | null,
): { valid: number; odd: OddPosition[] } {
  const odd: OddPosition[] = [];
  let valid = 0;
  for (let i = 0; i < entries.length; i++) {
    const index = first + i;
    const entry = entries[i];
    if (entry === undefined) continue;
    const row = block.rows.only(index);
    if (row !== null && isEntryOf(entry, row)) {
      const payload = block.payloads.only(index);
      const expected = payloadHashIn(row.envelope);
      const fits =
        payload === null
          ? expected === null && !block.payloads.has(index)
          : expected !== null &&
            payload.bytes !== null &&
            sameBytesAt(payload.recordId, 0, row.id) &&
            isHashOf(expected, payload.bytes);
      if (fits) {
        valid += 1;
        whole?.(row);
        continue;
      }
    }
    odd.push({ index, entry, rows: block.rows.all(index), payloads: block.payloads.all(index) });
  }
  return { valid, odd };
}

/** What is stored, to be asked for position after position, ascending. */
export class Cursor<T extends { index: number }> {
  readonly #items: readonly T[];
  #at = 0;

  constructor(items: readonly T[]) {
    this.#items = items;
  }

  /** The one there; null where there is none, or several. */
  only(index: number): T | null {
    this.#seek(index);
    const item = this.#items[this.#at];
    return item?.index === index && this.#items[this.#at + 1]?.index !== index ? item : null;
  }

  has(index: number): boolean {
    this.#seek(index);
    return this.#items[this.#at]?.index === index;
  }

  all(index: number): T[] {
    this.#seek(index);
    const found: T[] = [];
    for (let at = this.#at; ; at += 1) {
      const item = this.#items[at];
      if (item?.index !== index) return found;
      found.push(item);
    }
  }

  #seek(index: number): void {
    while ((this.#items[this.#at]?.index ?? index) < index) this.#at += 1;
  }
}

export interface Readers {
  rows: Cursor<StoredRow>;
  payloads: Cursor<StoredPayload>;
}

export function readersOf(block: StoredBlock): Readers {
  return { rows: new Cursor(block.rows), payloads: new Cursor(block.payloads) };
}
