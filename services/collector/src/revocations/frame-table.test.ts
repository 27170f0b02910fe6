import { tmpdir } from "node:os";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameTable } from "./frame-table.ts";

const frame = (text: string): Buffer => Buffer.from(`data: ${text}\n\n`);
const textOf = (frames: Iterable<Buffer>): string => Buffer.concat([...frames]).toString();

describe.each([
  ["in a file", tmpdir()],
  ["in memory", null],
])("frames %s", (_, directory) => {
  it("are the newest of each key, oldest change first", () => {
    const change = fc.tuple(fc.nat({ max: 9 }), fc.option(fc.string({ maxLength: 40 })));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const table = new FrameTable(directory);
        const model = new Map<number, string>();
        for (const [key, text] of changes) {
          model.delete(key);
          if (text === null) table.delete(`k${key}`);
          else {
            model.set(key, text);
            table.set(`k${key}`, frame(text));
          }
        }
        expect(textOf(table.frames())).toBe(
          [...model.values()].map((text) => frame(text).toString()).join(""),
        );
        expect(table.size).toBe(model.size);
        table.close();
      }),
    );
  });

  it("are the same however many there are", () => {
    const table = new FrameTable(directory);
    const all = Array.from({ length: 8_000 }, (_each, n) => frame(`${n} ${"x".repeat(100)}`));
    for (const [n, each] of all.entries()) table.set(`k${n}`, each);
    expect(textOf(table.frames())).toBe(Buffer.concat(all).toString());
    table.close();
  });

  it("are written anew when most are replaced, and whoever reads meanwhile reads on", () => {
    const table = new FrameTable(directory);
    for (let n = 0; n < 3_000; n += 1) table.set(`k${n}`, frame(`${n} ${"x".repeat(100)}`));
    const reading = table.frames()[Symbol.iterator]();
    const first = reading.next();
    for (let round = 0; round < 9; round += 1) {
      for (let n = 0; n < 3_000; n += 1) table.set(`k${n}`, frame(`${n} round ${round}`));
    }
    expect(first.done).toBe(false);
    while (reading.next().done !== true);
    expect(textOf(table.frames())).toBe(
      Array.from({ length: 3_000 }, (_each, n) => frame(`${n} round 8`).toString()).join(""),
    );
    table.close();
  });
});
