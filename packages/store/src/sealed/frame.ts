import { TriplineError } from "@tripline/events";
import type { SealedColumns } from "./columns.ts";
import type { PlacedSealedRow, SealedBlock } from "./types.ts";

/**
 * Blocks and rows as the console's API sends them: items one after the other, each of one byte that says what it is, and an end
 * byte, without which an answer was cut off. Numbers are big endian; lengths have 4 bytes, positions 6.
 */

const ROW = 1;
const PAYLOAD = 2;
const LETTER = 3;
const PLACED = 4;
const END = 0;
const INDEX_BYTES = 6;
const ID_BYTES = 16;
const LENGTH_BYTES = 4;
const HEAD_BYTES = 1 + INDEX_BYTES;
const MARK_BYTES = 24;
const NONE = 0xffff_ffff; // of a payload or letter whose bytes are not there

export function encodeBlock({ rows, payloads, letters }: SealedBlock): Buffer {
  let size = 1;
  for (const { envelope } of rows) size += HEAD_BYTES + ID_BYTES + LENGTH_BYTES + envelope.length;
  for (const { bytes } of payloads) size += HEAD_BYTES + ID_BYTES + LENGTH_BYTES + (bytes?.length ?? 0);
  for (const { bytes } of letters) size += HEAD_BYTES + LENGTH_BYTES + (bytes?.length ?? 0);
  const out = new Writer(size);
  for (const { index, id, envelope } of rows) {
    out.head(ROW, index);
    out.fixed(id);
    out.bytes(envelope);
  }
  for (const { index, recordId, bytes } of payloads) {
    out.head(PAYLOAD, index);
    out.fixed(recordId);
    out.bytes(bytes);
  }
  for (const { index, bytes } of letters) {
    out.head(LETTER, index);
    out.bytes(bytes);
  }
  return out.end();
}

export function encodePlaced(rows: readonly PlacedSealedRow[]): Buffer {
  let size = 1;
  for (const { envelope, generation } of rows)
    size += HEAD_BYTES + ID_BYTES + 3 * LENGTH_BYTES + envelope.length + Buffer.byteLength(generation);
  const out = new Writer(size);
  for (const { index, id, envelope, generation, partition } of rows) {
    out.head(PLACED, index);
    out.fixed(id);
    out.bytes(envelope);
    out.bytes(Buffer.from(generation));
    out.uint32(partition);
  }
  return out.end();
}

/** @throws TriplineError TRIPLINE_STORE_ROW_UNEXPECTED for an answer that is cut off or of another form */
export function decodeBlock(bytes: Uint8Array): SealedBlock {
  const block: SealedBlock = { rows: [], payloads: [], letters: [] };
  const from = new Reader(bytes);
  for (;;) {
    const what = from.uint8();
    if (what === END) break;
    const index = from.index();
    if (what === ROW) block.rows.push({ index, id: from.fixed(ID_BYTES), envelope: from.bytes() ?? bad() });
    else if (what === PAYLOAD)
      block.payloads.push({ index, recordId: from.fixed(ID_BYTES), bytes: from.bytes() });
    else if (what === LETTER) block.letters.push({ index, bytes: from.bytes() });
    else bad();
  }
  from.mustEnd();
  return block;
}

/** @throws TriplineError TRIPLINE_STORE_ROW_UNEXPECTED */
export function decodePlaced(bytes: Uint8Array): PlacedSealedRow[] {
  const rows: PlacedSealedRow[] = [];
  const from = new Reader(bytes);
  for (;;) {
    const what = from.uint8();
    if (what === END) break;
    if (what !== PLACED) bad();
    rows.push({
      index: from.index(),
      id: from.fixed(ID_BYTES),
      envelope: from.bytes() ?? bad(),
      generation: Buffer.from(from.bytes() ?? bad()).toString("utf8"),
      partition: from.uint32(),
    });
  }
  from.mustEnd();
  return rows;
}

/** Columns as the database sent them: for each of records and payloads the mark in 24 bytes and the answer; then the letters as a block. */
export function encodeColumns({ records, payloads, letters }: SealedColumns): Buffer {
  const rest = encodeBlock({ rows: [], payloads: [], letters });
  const parts = [records, payloads].flatMap(({ bytes, mark }) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(bytes.length);
    return [Buffer.from(mark, "latin1"), length, bytes];
  });
  return Buffer.concat([...parts, rest]);
}

/** @throws TriplineError TRIPLINE_STORE_ROW_UNEXPECTED */
export function decodeColumns(bytes: Uint8Array): SealedColumns {
  const from = new Reader(bytes);
  const answer = () => ({
    mark: Buffer.from(from.fixed(MARK_BYTES)).toString("latin1"),
    bytes: from.bytes() ?? bad(),
  });
  const records = answer();
  const payloads = answer();
  return { records, payloads, letters: decodeBlock(from.rest()).letters };
}

class Writer {
  readonly #out: Buffer;
  #at = 0;

  constructor(size: number) {
    this.#out = Buffer.allocUnsafe(size);
  }

  head(what: number, index: number): void {
    this.#at = this.#out.writeUInt8(what, this.#at);
    this.#at = this.#out.writeUIntBE(index, this.#at, INDEX_BYTES);
  }

  fixed(bytes: Uint8Array): void {
    this.#out.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  bytes(bytes: Uint8Array | null): void {
    this.uint32(bytes === null ? NONE : bytes.length);
    if (bytes !== null) this.fixed(bytes);
  }

  uint32(value: number): void {
    this.#at = this.#out.writeUInt32BE(value, this.#at);
  }

  end(): Buffer {
    this.#at = this.#out.writeUInt8(END, this.#at);
    return this.#out.subarray(0, this.#at);
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(LENGTH_BYTES));
  }

  index(): number {
    return this.#bytes.readUIntBE(this.#take(INDEX_BYTES), INDEX_BYTES);
  }

  fixed(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  bytes(): Uint8Array | null {
    const length = this.uint32();
    return length === NONE ? null : this.fixed(length);
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.fixed(this.#bytes.length - this.#at);
  }

  mustEnd(): void {
    if (this.#at !== this.#bytes.length) bad();
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) bad();
    this.#at = at + length;
    return at;
  }
}

function bad(): never {
  throw new TriplineError(
    "TRIPLINE_STORE_ROW_UNEXPECTED",
    "the answer was cut off, or has a form that this version does not know: ask again; are both of one version?",
  );
}
