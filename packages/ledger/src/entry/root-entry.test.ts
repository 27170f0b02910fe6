import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LedgerError } from "../errors.ts";
import { readRootEntry, rootEntry } from "./root-entry.ts";

const time = "2026-01-01T00:00:00.000Z";
const checkpoint = (origin: string, size: number) => ({
  origin,
  size,
  root: new Uint8Array(32).fill(size % 256),
  extensions: [],
});

describe("an entry of the root log", () => {
  it("is read back as it was written, also an empty one", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (sizes) => {
        const checkpoints = sizes.map((size, at) => checkpoint(`log/${at}`, size));
        expect(readRootEntry(rootEntry({ time, checkpoints }))).toEqual({ time, checkpoints });
      }),
    );
  });

  it("holds no more than an entry can", () => {
    const checkpoints = Array.from({ length: 2000 }, (_, at) => checkpoint(`log/${at}`, at));
    expect(() => rootEntry({ time, checkpoints })).toThrow(/too much for one entry/);
  });

  it.each([
    ["no JSON", "{"],
    ["another version", '{"v":2,"time":"2026-01-01T00:00:00.000Z","checkpoints":[]}'],
    ["something more", '{"v":1,"time":"2026-01-01T00:00:00.000Z","checkpoints":[],"x":1}'],
    ["another time", '{"v":1,"time":"yesterday","checkpoints":[]}'],
    ["no list", '{"v":1,"time":"2026-01-01T00:00:00.000Z","checkpoints":"x"}'],
    ["no checkpoint", '{"v":1,"time":"2026-01-01T00:00:00.000Z","checkpoints":["x"]}'],
    ["null", "null"],
  ])("is refused with %s", (_what, text) => {
    expect(() => readRootEntry(new TextEncoder().encode(text))).toThrow(LedgerError);
  });

  it("any bytes are refused or read, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(() => readRootEntry(bytes)).toThrow(LedgerError);
      }),
    );
  });
});
