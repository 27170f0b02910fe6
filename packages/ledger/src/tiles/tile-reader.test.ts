import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { LedgerError } from "../errors.ts";
import type { MemoryStorage } from "../storage/index.ts";
import { toHex } from "../testing/hex.ts";
import { entryAt, memoryLogOf } from "../testing/logs.ts";
import { CompactRange } from "../tree/compact-range.ts";
import { verifyConsistency } from "../tree/consistency.ts";
import { leafHash } from "../tree/hashing.ts";
import { verifyInclusion } from "../tree/inclusion.ts";
import { TileDamage } from "./damage.ts";
import { parseTilePath } from "./path.ts";
import { TileReader, type TreeHead } from "./tile-reader.ts";

/** Over the second level's edge (65,536), with partial tiles at each level. */
const LARGE = 66_000;

function rootOf(size: number): Uint8Array {
  const range = new CompactRange();
  for (let i = 0; i < size; i++) range.append(leafHash(entryAt(i)));
  return range.root();
}

/** Reads what a path names through the verifying reader. */
async function readThrough(reader: TileReader, path: string): Promise<unknown> {
  const resource = parseTilePath(path);
  if (resource === null) throw new Error(`${path} is no tile`);
  if (resource.kind === "entries") return reader.entries(resource.index);
  return reader.tile(resource.level, resource.index);
}

/** Every file that the tree has. */
async function walk(reader: TileReader, storage: MemoryStorage): Promise<void> {
  for (const path of storage.files.keys()) if (path !== "checkpoint") await readThrough(reader, path);
}

async function damageFound(run: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await run();
  } catch (error) {
    if (error instanceof TileDamage) return error.paths;
    throw error;
  }
  return [];
}

describe("the verifying reader", () => {
  let storage: MemoryStorage;
  let head: TreeHead;
  beforeAll(async () => {
    const made = await memoryLogOf(LARGE);
    storage = made.storage;
    head = made.log.published;
  });

  it("reads each entry of the tree that was written", async () => {
    expect(toHex(head.root)).toBe(toHex(rootOf(LARGE)));
    const reader = new TileReader(storage, head);
    for (const index of [0, 1, 255, 256, 65_535, 65_536, LARGE - 1])
      expect(toHex(await reader.entry(index))).toBe(toHex(entryAt(index)));
    expect((await reader.entries(257)).length).toBe(LARGE % 256);
    expect(() => reader.tile(0, 258)).toThrow(expect.objectContaining({ code: "TRIPLINE_LEDGER_INVALID" }));
    await expect(reader.entry(LARGE)).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_INVALID" });
  });

  it("gives proofs that verify, for any leaf and any earlier size", async () => {
    const reader = new TileReader(storage, head);
    const roots = new Map<number, Uint8Array>();
    const sizes = [1, 255, 256, 257, 1000, 65_535, 65_536, 65_537, LARGE];
    for (const size of sizes) roots.set(size, rootOf(size));
    await fc.assert(
      fc.asyncProperty(fc.nat(LARGE - 1), fc.constantFrom(...sizes), async (index, from) => {
        const proof = await reader.inclusionProof(index);
        const claim = { index, size: LARGE, leafHash: leafHash(entryAt(index)), proof };
        expect(verifyInclusion(claim, head.root)).toBe(true);
        const fromRoot = roots.get(from) ?? head.root;
        const consistency = await reader.consistencyProof(from);
        expect(verifyConsistency({ from, fromRoot, to: LARGE, toRoot: head.root, proof: consistency })).toBe(
          true,
        );
        expect(toHex(await reader.rootAt(from))).toBe(toHex(fromRoot));
      }),
      { numRuns: 40 },
    );
    await expect(reader.rootAt(LARGE + 1)).rejects.toBeInstanceOf(LedgerError);
  });

  it("finds any changed byte of any file of a large tree, and names the file", async () => {
    const paths = [...storage.files.keys()].filter((path) => path !== "checkpoint");
    const byLevel = Map.groupBy(paths, (path) => path.split("/")[1] ?? "");
    const anyPath = fc.constantFrom(...byLevel.values()).chain((level) => fc.constantFrom(...level));
    await fc.assert(
      fc.asyncProperty(anyPath, fc.nat(), fc.integer({ min: 1, max: 255 }), async (path, at, flip) => {
        const whole = storage.files.get(path) ?? new Uint8Array();
        storage.files.set(
          path,
          whole.map((byte, i) => (i === at % whole.length ? byte ^ flip : byte)),
        );
        const found = await damageFound(() => readThrough(new TileReader(storage, head), path));
        storage.files.set(path, whole);
        expect(found).toContain(path);
      }),
      { numRuns: 150 },
    );
  });

  it.each([1, 255, 256, 300])("finds every single changed byte of a tree of %d", async (size) => {
    const small = await memoryLogOf(size);
    await walk(small.log.reader(), small.storage);
    for (const [path, whole] of small.storage.files) {
      if (path === "checkpoint") continue;
      for (let i = 0; i < whole.length; i += size < 10 ? 1 : 31) {
        const changed = whole.slice();
        changed[i] = (changed[i] ?? 0) ^ 1;
        small.storage.files.set(path, changed);
        expect(await damageFound(() => readThrough(small.log.reader(), path)), `${path} at ${i}`).toContain(
          path,
        );
      }
      small.storage.files.set(path, whole);
    }
    await walk(small.log.reader(), small.storage);
  });

  it("finds a file that is cut, longer, empty, another's, or gone", async () => {
    const { storage: small, log } = await memoryLogOf(600);
    const files = [...small.files].filter(([path]) => path !== "checkpoint");
    for (const [path, whole] of files) {
      const other = files.find(([each]) => each !== path)?.[1] ?? whole;
      const wrong = [
        whole.subarray(1),
        whole.subarray(0, -1),
        Uint8Array.of(...whole, 0),
        new Uint8Array(),
        other,
      ];
      for (const [i, bytes] of wrong.entries()) {
        small.files.set(path, bytes);
        const found = await damageFound(() => readThrough(log.reader(), path));
        expect(found, `${path} with wrong bytes ${i}`).toContain(path);
      }
      small.files.delete(path);
      expect(await damageFound(() => readThrough(log.reader(), path)), path).toContain(path);
      small.files.set(path, whole);
    }
    await walk(log.reader(), small);
  });

  it("finds a checkpoint's root or size that is not the tiles'", async () => {
    const { storage: small, log } = await memoryLogOf(600);
    const { size, root } = log.published;
    const otherRoot = root.map((byte, i) => (i === 31 ? byte ^ 1 : byte));
    for (const wrong of [
      { size, root: otherRoot },
      { size: size - 1, root },
      { size: size + 1, root },
    ])
      expect(await damageFound(() => new TileReader(small, wrong).entries(0))).not.toEqual([]);
  });

  it("reads the full file where the partial one was removed", async () => {
    const early = await memoryLogOf(300);
    const { published } = early.log;
    await early.log.append(
      300,
      Array.from({ length: 300 }, (_, i) => entryAt(300 + i)),
    );
    await early.log.checkpoint();
    expect([...early.storage.files.keys()].filter((path) => path.endsWith(".p/44"))).toEqual([]);
    const reader = new TileReader(early.storage, published);
    // The upper tile of the earlier size is still there as long as it is partial.
    expect((await reader.entries(1)).map(toHex)).toEqual(
      Array.from({ length: 44 }, (_, i) => toHex(entryAt(256 + i))),
    );
  });

  it("reads Buffers as other bytes, and leaves them as they were", async () => {
    const buffers = new Map([...storage.files].map(([path, bytes]) => [path, Buffer.from(bytes)]));
    const reader = new TileReader({ read: async (path) => buffers.get(path) ?? null }, head);
    for (const index of [0, 300, LARGE - 1]) {
      await reader.inclusionProof(index);
      expect(toHex(await reader.entry(index))).toBe(toHex(entryAt(index)));
    }
    for (const [path, bytes] of storage.files) expect(buffers.get(path)?.equals(bytes), path).toBe(true);
  });

  it("asks again after a failure that passed", async () => {
    let failures = 1;
    const reader = new TileReader(
      {
        read: async (path) => {
          if (failures-- > 0) throw new Error("the line is cut");
          return storage.read(path);
        },
      },
      head,
    );
    await expect(reader.entry(3)).rejects.toThrow("the line is cut");
    expect(toHex(await reader.entry(3))).toBe(toHex(entryAt(3)));
  });
});
