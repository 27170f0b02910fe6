import { setImmediate as nextTurn } from "node:timers/promises";
import type { NativeAnswer } from "../connection/database.ts";
import { ByteSink } from "../native/byte-sink.ts";
import { EnvelopeBytes } from "../native/envelope-bytes.ts";
import { uuidBytesAt } from "../native/members.ts";
import { type NativeBlock, nativeBlocks } from "../native/native-rows.ts";
import { PayloadBytes } from "../native/payload-bytes.ts";
import { foreign } from "../native/wire.ts";
import type { SealedBlock, SealedLetter, SealedPayload, SealedRow } from "./types.ts";

/** What is stored at some positions, by column and in no order: as the database sends it. */
export interface SealedColumns {
  records: NativeAnswer;
  payloads: NativeAnswer;
  letters: SealedLetter[];
}

const ID_BYTES = 16;
const TURN = 2_000; // rows; some milliseconds of this thread, in which the next answer arrives

/**
 * The records, payloads and letters in it, in the order of their positions. Their bytes are made here, of the values alone, as everywhere
 * else. @throws TRIPLINE_STORE_FOREIGN_ROWS
 */
export async function sealedBlock({ records, payloads, letters }: SealedColumns): Promise<SealedBlock> {
  const sink = new ByteSink();
  const rows: SealedRow[] = [];
  for (const block of nativeBlocks(records.bytes, records.mark)) {
    const envelopes = new EnvelopeBytes(block, sink);
    const ids = idsOf(block, "id");
    const offsets = block.fixed("source_offset");
    for (let row = 0; row < block.rows; row++) {
      const index = position(offsets.wire.uint64At(offsets.at(row)));
      if (row % TURN === 0) await nextTurn();
      rows.push({
        index,
        id: ids.subarray(row * ID_BYTES, (row + 1) * ID_BYTES),
        envelope: envelopes.at(row),
      });
    }
  }
  const own: SealedPayload[] = [];
  for (const block of nativeBlocks(payloads.bytes, payloads.mark)) {
    const made = new PayloadBytes(block, sink);
    const ids = idsOf(block, "record_id");
    const offsets = block.fixed("source_offset");
    for (let row = 0; row < block.rows; row++) {
      const index = position(offsets.wire.uint64At(offsets.at(row)));
      if (row % TURN === 0) await nextTurn();
      own.push({ index, recordId: ids.subarray(row * ID_BYTES, (row + 1) * ID_BYTES), bytes: made.at(row) });
    }
  }
  return { rows: ascending(rows), payloads: ascending(own), letters: ascending(letters) };
}

/** How many rows an answer has, each of which has shown that it is its own query's. @throws TRIPLINE_STORE_FOREIGN_ROWS */
export function rowsIn({ bytes, mark }: NativeAnswer): number {
  let rows = 0;
  for (const block of nativeBlocks(bytes, mark)) rows += block.rows;
  return rows;
}

/** Of all rows, one after the other. */
function idsOf(block: NativeBlock, column: string): Uint8Array {
  const stored = block.fixed(column);
  const ids = new Uint8Array(block.rows * ID_BYTES);
  for (let row = 0; row < block.rows; row++) uuidBytesAt(stored, stored.at(row), ids, row * ID_BYTES);
  return ids;
}

function position(offset: number): number {
  if (!Number.isSafeInteger(offset)) throw foreign();
  return offset;
}

export function ascending<T extends { index: number }>(items: T[]): T[] {
  return items.sort((a, b) => a.index - b.index);
}
