import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partialTiles, tileWidth } from "./geometry.ts";
import { bundlePath, parseTilePath, resourcePath, type TileResource, tilePath } from "./path.ts";

const width = fc.integer({ min: 1, max: 256 });
const index = fc.oneof(fc.nat(5000), fc.maxSafeNat());
const resources: fc.Arbitrary<TileResource> = fc.oneof(
  fc.record({ kind: fc.constant("tile" as const), level: fc.integer({ min: 0, max: 63 }), index, width }),
  fc.record({ kind: fc.constant("entries" as const), index, width }),
);

describe("paths of tiles", () => {
  it("are those of the specification's examples", () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe("tile/0/x001/x234/067");
    expect(tilePath({ level: 0, index: 1_234_067, width: 8 })).toBe("tile/0/x001/x234/067.p/8");
    expect(bundlePath(1_234_067)).toBe("tile/entries/x001/x234/067");
    expect(bundlePath(0, 255)).toBe("tile/entries/000.p/255");
    expect(tilePath({ level: 3, index: 999, width: 256 })).toBe("tile/3/999");
    expect(tilePath({ level: 3, index: 1000, width: 256 })).toBe("tile/3/x001/000");
  });

  it("are read back as they were written", () => {
    fc.assert(
      fc.property(resources, (resource) => {
        expect(parseTilePath(resourcePath(resource))).toEqual(resource);
      }),
    );
  });

  it.each([
    "tile/0/1",
    "tile/00/001",
    "tile/64/001",
    "tile/0/x000/001",
    "tile/0/x001/1",
    "tile/0/001/002",
    "tile/0/001.p/0",
    "tile/0/001.p/256",
    "tile/0/001.p/08",
    "tile/0/001.p/",
    "tile/entries",
    "tile/data/001",
    "/tile/0/001",
    "tile/0/001/",
    "tile/0/x999/x999/x999/x999/x999/x999/999",
    "checkpoint",
    "",
  ])("have one spelling: %s is none", (path) => {
    expect(parseTilePath(path)).toBeNull();
  });

  it("are not made for what does not exist", () => {
    for (const wrong of [
      { level: 64, index: 0, width: 1 },
      { level: 0, index: -1, width: 1 },
      { level: 0, index: 0.5, width: 1 },
      { level: 0, index: 0, width: 0 },
      { level: 0, index: 0, width: 257 },
    ])
      expect(() => tilePath(wrong)).toThrow(expect.objectContaining({ code: "TRIPLINE_LEDGER_INVALID" }));
  });
});

describe("the tiles of a tree", () => {
  it("of 70,000 and of 256 leaves are those of the specification's examples", () => {
    expect(partialTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect(partialTiles(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
    expect(partialTiles(0)).toEqual([]);
  });

  it("are those whose width is between 0 and 256, at any size", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        for (const { level, index: at, width: wide } of partialTiles(size)) {
          expect(tileWidth(level, at, size)).toBe(wide);
          expect(tileWidth(level, at + 1, size)).toBe(0);
          if (at > 0) expect(tileWidth(level, at - 1, size)).toBe(256);
        }
        const leaves = partialTiles(size).reduce(
          (sum, tile) => sum + BigInt(tile.width) * 256n ** BigInt(tile.level),
          0n,
        );
        expect(leaves).toBe(BigInt(size));
      }),
    );
  });
});
