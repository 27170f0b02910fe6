import fc from "fast-check";
import { expect, it } from "vitest";
import { columnsOf } from "../testing/native-answer.ts";
import { rowsIn, sealedBlock } from "./columns.ts";
import { decodeColumns, encodeColumns } from "./frame.ts";
import type { SealedBlock } from "./types.ts";

const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
const index = fc.nat({ max: 2 ** 47 });
const some = fc.uint8Array({ minLength: 1, maxLength: 300 });
const anyBlock: fc.Arbitrary<SealedBlock> = fc.record({
  rows: fc.array(fc.record({ index, id, envelope: some }), { maxLength: 20 }),
  payloads: fc.array(fc.record({ index, recordId: id, bytes: fc.option(some) }), { maxLength: 20 }),
  letters: fc.array(fc.record({ index, bytes: fc.option(some) }), { maxLength: 3 }),
});
const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString("hex"));
const plain = ({ rows, payloads, letters }: SealedBlock) => ({
  rows: rows.map((row) => [row.index, hex(row.id), hex(row.envelope)]),
  payloads: payloads.map((payload) => [payload.index, hex(payload.recordId), hex(payload.bytes)]),
  letters: letters.map((letter) => [letter.index, hex(letter.bytes)]),
});
const sorted = ({ rows, payloads, letters }: SealedBlock): SealedBlock => ({
  rows: rows.toSorted((a, b) => a.index - b.index),
  payloads: payloads.toSorted((a, b) => a.index - b.index),
  letters: letters.toSorted((a, b) => a.index - b.index),
});
const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
};

it("columns without dictionaries, as a server sends them, give the records that they are of", async () => {
  await fc.assert(
    fc.asyncProperty(anyBlock, async (block) => {
      const columns = decodeColumns(encodeColumns(columnsOf(block)));
      expect(plain(await sealedBlock(columns))).toEqual(plain(sorted(block)));
      expect(rowsIn(columns.records)).toBe(block.rows.length);
    }),
  );
});

it("an answer that was cut, changed in length, or is another query's is refused, and never read on", async () => {
  await fc.assert(
    fc.asyncProperty(anyBlock, fc.nat(), fc.integer({ min: 1, max: 255 }), async (block, at, flip) => {
      const { records, payloads, letters } = columnsOf(block);
      const cut = { ...records, bytes: records.bytes.subarray(0, at % records.bytes.length) };
      if (cut.bytes.length > 0)
        expect(await codeOf(() => sealedBlock({ records: cut, payloads, letters }))).toBe(
          "TRIPLINE_STORE_FOREIGN_ROWS",
        );
      const changed = Uint8Array.from(records.bytes);
      changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ flip;
      const outcome = await codeOf(() =>
        sealedBlock({ records: { ...records, bytes: changed }, payloads, letters }),
      );
      expect([null, "TRIPLINE_STORE_FOREIGN_ROWS"]).toContain(outcome);
      if (block.rows.length > 0) {
        const other = { ...records, mark: "0".repeat(24) };
        expect(await codeOf(() => rowsIn(other))).toBe("TRIPLINE_STORE_FOREIGN_ROWS");
      }
    }),
  );
});
