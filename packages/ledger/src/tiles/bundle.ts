import { LedgerError } from "../errors.ts";

const LENGTH_BYTES = 2;
/** What a big-endian uint16 can say (C2SP tlog-tiles, "Log entries"). */
export const MAX_ENTRY_BYTES = 0xffff;

/** @throws LedgerError TRIPLINE_LEDGER_INVALID for an entry of more than 65,535 bytes */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + encodedLength(entry), 0));
  let at = 0;
  for (const entry of entries) {
    putEntry(bytes, at, entry);
    at += encodedLength(entry);
  }
  return bytes;
}

/** Bytes that an entry takes in a bundle. */
export function encodedLength(entry: Uint8Array): number {
  return LENGTH_BYTES + entry.length;
}

/** Writes an entry into a bundle that has room for it. @throws as `encodeBundle` */
export function putEntry(bundle: Uint8Array, at: number, entry: Uint8Array): void {
  checkEntry(entry);
  bundle[at] = entry.length >> 8;
  bundle[at + 1] = entry.length & 0xff;
  bundle.set(entry, at + LENGTH_BYTES);
}

/** The entries, as views of `bytes`; null where the lengths do not add up. */
export function decodeBundle(bytes: Uint8Array): Uint8Array[] | null {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const high = bytes[at];
    const low = bytes[at + 1];
    if (high === undefined || low === undefined) return null;
    const end = at + LENGTH_BYTES + high * 256 + low;
    if (end > bytes.length) return null;
    entries.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return entries;
}

export function checkEntry(entry: Uint8Array): void {
  if (entry.length > MAX_ENTRY_BYTES)
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      `an entry of ${entry.length} bytes is too long: it may have ${MAX_ENTRY_BYTES}`,
    );
}
