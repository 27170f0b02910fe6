import fc from "fast-check";
import { expect, it } from "vitest";
import { SseParser } from "./sse-parser.ts";

function parse(text: string | Buffer, sizes: readonly number[]): { events: string[]; ids: number } {
  const events: string[] = [];
  let pieces: Buffer[] = [];
  let ids = 0;
  const parser = new SseParser({
    data: (piece) => pieces.push(Buffer.from(piece)),
    event: () => {
      events.push(Buffer.concat(pieces).toString());
      pieces = [];
    },
    id: () => {
      ids += 1;
    },
  });
  const bytes = Buffer.from(text);
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    parser.push(bytes.subarray(at, at + size));
    at += size;
  }
  return { events, ids };
}

const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, ""));

it("gives back the data of any events, with any line ends, cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 5 }),
      fc.constantFrom("\n", "\r", "\r\n"),
      fc.boolean(),
      sizes,
      (events, end, withId, cuts) => {
        const text = events
          .map((lines, i) =>
            [
              ": a comment",
              "event: message",
              ...(withId ? [`id: ${i}`] : []),
              ...lines.map((one) => `data: ${one}`),
              "retry: 10",
              "",
              "",
            ].join(end),
          )
          .join("");
        const parsed = parse(text, cuts);
        expect(parsed.events).toEqual(events.map((lines) => lines.join("\n")));
        expect(parsed.ids).toBe(withId ? events.length : 0);
      },
    ),
  );
});

it("follows the standard's corners", () => {
  expect(parse("data\n\n", [1]).events).toEqual([""]);
  expect(parse("data:a\ndata\ndata: b\n\n", [3]).events).toEqual(["a\n\nb"]);
  expect(parse("data:  two\n\n", [1]).events).toEqual([" two"]);
  expect(parse("event: x\n\ndata: cut", [4]).events).toEqual([]);
  expect(parse("dataset: 1\n:data: 2\n\n", [2]).events).toEqual([]);
});

it("never throws, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), sizes, (bytes, cuts) => {
      expect(parse(Buffer.from(bytes), cuts).events).toBeInstanceOf(Array);
    }),
  );
});
