import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineAssembler, lineHead, lineTail, lineText } from "./line-assembler.ts";

describe("lines", () => {
  it("are the stream's bytes, cut behind each newline, however the chunks fall", () => {
    const bytes = fc
      .uint8Array({ maxLength: 200 })
      .map((made) => made.map((byte) => (byte % 7 === 0 ? 10 : byte)));
    fc.assert(
      fc.property(bytes, fc.array(fc.integer({ min: 1, max: 50 })), (input, cuts) => {
        const assembler = new LineAssembler();
        const stream = Buffer.from(input);
        const lines: Buffer[] = [];
        let at = 0;
        for (const size of [...cuts, stream.length]) {
          for (const line of assembler.push(stream.subarray(at, at + size)))
            lines.push(Buffer.concat(line.pieces));
          at = Math.min(stream.length, at + size);
        }
        const rest = assembler.take();
        expect(Buffer.concat([...lines, ...rest.pieces]).equals(stream)).toBe(true);
        for (const line of lines) expect(line.indexOf(10)).toBe(line.length - 1);
        expect(rest.pieces.some((piece) => piece.includes(10))).toBe(false);
      }),
    );
  });

  it("have ends that are read without the middle", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary-ascii", minLength: 1 }), { minLength: 1 }),
        fc.nat(30),
        (parts, count) => {
          const line = {
            pieces: parts.map((part) => Buffer.from(part)),
            bytes: Buffer.byteLength(parts.join("")),
          };
          const text = lineText(line);
          expect(lineHead(line, count)).toBe(text.slice(0, count));
          expect(lineTail(line, count)).toBe(text.slice(Math.max(0, text.length - count)));
        },
      ),
    );
  });
});
