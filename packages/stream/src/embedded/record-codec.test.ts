import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeStored, encodeStored } from "./record-codec.ts";

test("a stored record reads back as it was", () => {
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(
      fc.option(text),
      fc.option(fc.uint8Array({ maxLength: 2000 })),
      fc.dictionary(text, text),
      fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      (key, value, headers, appendTime) => {
        const record = {
          topic: "t",
          partition: 3,
          offset: 7,
          appendTime,
          key,
          value,
          headers: { ...headers },
        };
        const read = decodeStored("t", 3, 7, encodeStored(record));
        const plain = { ...read, value: read.value === null ? null : Uint8Array.from(read.value) };
        expect(plain).toEqual(record);
      },
    ),
  );
});
