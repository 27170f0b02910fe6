import { lostEntry, recordEntry, unreadableEntry } from "@tripline/ledger";
import type { LogRecord } from "@tripline/stream";
import { readRecord } from "../read-record.ts";

/** What the log of a partition has for a record: the same whoever writes it, and whenever. */
export function entryOf(id: string, envelopeText: string): Uint8Array {
  return recordEntry(id, Buffer.from(envelopeText));
}

/** As `entryOf`, for who has not read the record yet; of what is no record, the hash of its bytes. */
export function entryOfValue({ value }: LogRecord): Uint8Array {
  const record = readRecord(value);
  return "reason" in record ? unreadableEntry(value) : entryOf(record.id, record.envelopeText);
}

/** One for each position from `first` to `last`; those that the topic no longer has are marked as lost. */
export function entriesOf(
  first: number,
  last: number,
  byOffset: ReadonlyMap<number, Uint8Array>,
): Uint8Array[] {
  return Array.from({ length: last - first + 1 }, (_, index) => byOffset.get(first + index) ?? lostEntry());
}
