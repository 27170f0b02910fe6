import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lostEntry, RECORD_ENTRY_BYTES, readEntry, recordEntry, unreadableEntry } from "./record-entry.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("an entry", () => {
  it("of a record is its id and the hash of its envelope", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uint8Array({ maxLength: 200 }), (id, envelope) => {
        const entry = recordEntry(id, envelope);
        expect(hex(entry)).toBe(id.replaceAll("-", "") + sha256(envelope));
        const read = readEntry(entry);
        expect(read.kind === "record" && [read.id, hex(read.hash)]).toEqual([id, sha256(envelope)]);
      }),
    );
  });

  it("of what is no record is the hash of its bytes", () => {
    const bytes = new TextEncoder().encode("not a record");
    const read = readEntry(unreadableEntry(bytes));
    expect(read.kind === "unreadable" && hex(read.hash)).toBe(sha256(bytes));
    expect(readEntry(unreadableEntry(null))).toEqual(readEntry(unreadableEntry(new Uint8Array())));
  });

  it("of a lost position says that, and nothing else can", () => {
    expect(readEntry(lostEntry())).toEqual({ kind: "lost" });
    const forged = lostEntry();
    forged[RECORD_ENTRY_BYTES - 1] = 1;
    expect(() => readEntry(forged)).toThrow(/marks its position as lost and has a hash/);
  });

  it("is refused where it is too short, and an id that is no UUID", () => {
    expect(() => readEntry(new Uint8Array(47))).toThrow(/48/);
    expect(() => recordEntry("0192", new Uint8Array())).toThrow(/no UUID/);
  });
});
