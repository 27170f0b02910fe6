import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { streamError } from "../errors.ts";

/**
 * What LMDB does not check before it maps the file: that both heads are whole and that the file is as long as its newest
 * state says. A page that is missing is no error for LMDB but the end of the process (SIGBUS).
 */
const HEAD_BYTES = 168; // page header and MDB_meta, as in lmdb-js's mdb.c
const PAGE_IS_META = 0x08;
const MAGIC = 0xbeef_c0de;
const DATA_VERSION = 2;
const AT = {
  pageNumber: 0,
  flags: 18,
  magic: 24,
  version: 28,
  pageSize: 48,
  lastPage: 144,
  transaction: 152,
};
const PAGE_SIZES = new Set([4096, 8192, 16_384, 32_768, 65_536]);

export interface DataFile {
  bytes: number;
  /** What the newest state needs. A file can be shorter all the same: a page at its end may be free and never written. */
  needs: number;
}

/**
 * Null when there is no file, or an empty one.
 * @throws TriplineError TRIPLINE_STREAM_DAMAGED naming what was found
 */
export function inspectDataFile(path: string): DataFile | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    const bytes = fstatSync(file).size;
    if (bytes === 0) return null;
    const first = readHead(file, path, 0, 0);
    const second = readHead(file, path, 1, first.pageSize);
    const newest = first.transaction >= second.transaction ? first : second;
    return { bytes, needs: Number(newest.lastPage + 1n) * first.pageSize };
  } finally {
    closeSync(file);
  }
}

function readHead(file: number, path: string, page: number, at: number) {
  const head = Buffer.alloc(HEAD_BYTES);
  const read = readSync(file, head, 0, HEAD_BYTES, at);
  const pageSize = head.readUInt32LE(AT.pageSize);
  const faults = [
    read < HEAD_BYTES && "it ends before",
    head.readBigUInt64LE(AT.pageNumber) !== BigInt(page) && "its number is wrong",
    (head.readUInt16LE(AT.flags) & PAGE_IS_META) === 0 && "it is no head",
    head.readUInt32LE(AT.magic) !== MAGIC && "LMDB's mark is missing",
    head.readUInt32LE(AT.version) !== DATA_VERSION && "its version is another",
    !PAGE_SIZES.has(pageSize) && "its page size makes no sense",
  ].filter((fault) => fault !== false);
  if (faults[0] !== undefined) {
    throw streamError(
      "TRIPLINE_STREAM_DAMAGED",
      `${path} can't be read: head ${page + 1} of 2 is damaged (${faults[0]})`,
    );
  }
  return {
    pageSize,
    lastPage: head.readBigUInt64LE(AT.lastPage),
    transaction: head.readBigUInt64LE(AT.transaction),
  };
}
