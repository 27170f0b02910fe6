import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { toHex } from "../testing/hex.ts";
import { entriesFrom, openTestLog } from "../testing/logs.ts";
import { encodeBundle } from "../tiles/bundle.ts";
import type { LedgerStorage } from "./storage.ts";

/** How the suite gets a storage: a new and empty place, as often opened as a test asks for. */
export interface StorageSubject {
  place(): Promise<{ open(): LedgerStorage; done(): Promise<void> }>;
}

const text = (value: string) => new TextEncoder().encode(value);
const CONFLICT = { code: "TRIPLINE_LEDGER_CONFLICT" };

/** What every implementation of the port promises. Call it inside a test file; it registers its tests. */
export function storageContract(name: string, subject: StorageSubject): void {
  describe(`${name} keeps the storage contract`, () => {
    let open: () => LedgerStorage;
    let done: () => Promise<void>;
    let storage: LedgerStorage;
    beforeEach(async () => {
      ({ open, done } = await subject.place());
      storage = open();
    });
    afterEach(() => done());

    test("what was written is read, also by another, and what was not is null", async () => {
      const bytes = new Uint8Array(12_800).map((_, i) => i % 251);
      await storage.write("tile/entries/x001/234", bytes);
      for (const each of [storage, open()]) {
        const read = await each.read("tile/entries/x001/234");
        expect(toHex(read ?? new Uint8Array())).toBe(toHex(bytes));
        expect(await each.read("tile/entries/x001/235")).toBeNull();
        expect(await each.read("tile/entries/x001/234.p/3")).toBeNull();
        expect(await each.read("tile/entries/x001/234/000")).toBeNull();
        expect(await each.read("tile/entries")).toBeNull();
        expect(await each.read("checkpoint")).toBeNull();
      }
    });

    test("any bytes come back as they were", async () => {
      let count = 0;
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
          const path = `tile/0/${String(count++).padStart(3, "0")}`;
          await storage.write(path, bytes);
          expect(toHex((await storage.read(path)) ?? text("nothing"))).toBe(toHex(bytes));
        }),
        { numRuns: 15 },
      );
    });

    test("the same may be written again, and nothing else", async () => {
      await storage.write("tile/0/000", text("one"));
      await storage.write("tile/0/000", text("one"));
      await open().write("tile/0/000", text("one"));
      for (const other of ["two", "on", "one.", ""])
        await expect(storage.write("tile/0/000", text(other))).rejects.toMatchObject(CONFLICT);
      expect(await storage.read("tile/0/000")).toEqual(text("one"));
    });

    test("of several writers at once with different bytes one succeeds, and its bytes stay", async () => {
      const values = ["a", "b", "c", "d", "e"];
      const written = await Promise.allSettled(
        values.map((value) => open().write("tile/0/000", text(value))),
      );
      const winners = values.filter((_, i) => written[i]?.status === "fulfilled");
      expect(winners).toHaveLength(1);
      expect(await storage.read("tile/0/000")).toEqual(text(winners[0] ?? ""));
      for (const each of written) if (each.status === "rejected") expect(each.reason).toMatchObject(CONFLICT);
    });

    test("many writers of the same bytes all succeed", async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => open().write(`tile/0/x001/00${i % 4}`, text(`${i % 4}`))),
      );
      expect((await storage.list("tile/")).sort()).toEqual(
        [0, 1, 2, 3].map((index) => `tile/0/x001/00${index}`),
      );
    });

    test("compare and set changes exactly what is expected", async () => {
      expect(await storage.replace("checkpoint", text("x"), text("1"))).toBe(false);
      expect(await storage.read("checkpoint")).toBeNull();
      expect(await storage.replace("checkpoint", null, text("1"))).toBe(true);
      expect(await storage.replace("checkpoint", null, text("2"))).toBe(false);
      expect(await storage.replace("checkpoint", text("2"), text("3"))).toBe(false);
      expect(await open().replace("checkpoint", text("1"), text("2"))).toBe(true);
      expect(await storage.replace("checkpoint", text("1"), text("3"))).toBe(false);
      expect(await storage.read("checkpoint")).toEqual(text("2"));
    });

    test("of several that compare and set at once one succeeds", async () => {
      for (let round = 0; round < 3; round++) {
        const expected = round === 0 ? null : await storage.read("checkpoint");
        const done = await Promise.all(
          Array.from({ length: 6 }, (_, i) => open().replace("checkpoint", expected, text(`${round} ${i}`))),
        );
        expect(done.filter(Boolean)).toHaveLength(1);
        expect(await storage.read("checkpoint")).toEqual(text(`${round} ${done.indexOf(true)}`));
      }
    });

    test("lists what is below a folder, and nothing else", async () => {
      const paths = ["tile/0/001", "tile/0/001.p/7", "tile/0/001.p/77", "tile/0/x001/001", "tile/1/000"];
      for (const path of paths) await storage.write(path, text(path));
      await storage.replace("checkpoint", null, text("c"));
      expect((await storage.list("tile/")).sort()).toEqual(paths.toSorted());
      expect((await storage.list("tile/0/001.p/")).sort()).toEqual(["tile/0/001.p/7", "tile/0/001.p/77"]);
      expect(await storage.list("tile/0/002.p/")).toEqual([]);
    });

    test("what is provisional can be removed, twice, and others written in its place", async () => {
      const path = "tile/0/001.p/7";
      await storage.write(path, text("seven"), { provisional: true });
      await storage.write("tile/0/001.p/8", text("eight"), { provisional: true });
      await storage.remove(path);
      await storage.remove(path);
      await storage.remove("tile/0/001.p/8");
      expect(await storage.read(path)).toBeNull();
      expect(await storage.list("tile/")).toEqual([]);
      await storage.write("tile/0/001.p/9", text("nine"), { provisional: true });
      expect(await storage.list("tile/")).toEqual(["tile/0/001.p/9"]);
    });

    test("nothing leaves its place, and its own names are no files of the log", async () => {
      for (const path of [
        "../x",
        "/etc/x",
        "a/../b",
        ".hidden",
        "a//b",
        "a/",
        "",
        "a\\b",
        "A",
        "a/.b",
        "a%2fb",
      ]) {
        await expect(storage.write(path, text("x"))).rejects.toMatchObject({
          code: "TRIPLINE_LEDGER_INVALID",
        });
        await expect(storage.read(path)).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_INVALID" });
      }
      expect(await storage.list("tile/")).toEqual([]);
    });

    test("carries a log: grown, opened again, with two writers", async () => {
      const log = await openTestLog({ storage });
      await log.append(0, entriesFrom(0, 700));
      await log.checkpoint();
      const again = await openTestLog({ storage: open() });
      await again.append(700, entriesFrom(700, 100));
      await again.checkpoint();
      await log.append(700, entriesFrom(700, 50));
      await expect(log.checkpoint()).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_SUPERSEDED" });
      const last = await openTestLog({ storage: open() });
      expect(last.size).toBe(800);
      const bundles = [0, 1, 2, 3].map((index) => last.reader().entries(index));
      expect(encodeBundle((await Promise.all(bundles)).flat())).toEqual(encodeBundle(entriesFrom(0, 800)));
    });
  });
}
