import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { openLog } from "../log/index.ts";
import { createSigner, generateSigningKey } from "../signer/index.ts";
import { MemoryStorage } from "../storage/index.ts";
import { TileReader } from "../tiles/index.ts";
import { GrowingRoot } from "./growing-root.ts";

const LEAVES = 70_000; // three levels of tiles
let reader: TileReader;

beforeAll(async () => {
  const storage = new MemoryStorage();
  const key = generateSigningKey("log.example");
  const log = await openLog({ storage, origin: "log.example", signers: [createSigner(key)] });
  await log.append(
    0,
    Array.from({ length: LEAVES }, (_, n) => new TextEncoder().encode(String(n))),
  );
  reader = new TileReader(storage, await log.checkpoint());
});

it("gives the roots that the reader gives, at whatever sizes, in whatever order", async () => {
  const sizes = fc.array(
    fc.oneof(fc.nat({ max: LEAVES }), fc.constantFrom(0, 1, 255, 256, 257, 65_536, 65_537, LEAVES)),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async (asked, ascending) => {
      const growing = new GrowingRoot(reader);
      for (const size of ascending ? asked.toSorted((a, b) => a - b) : asked)
        expect(await growing.at(size)).toEqual(await reader.rootAt(size));
    }),
    { numRuns: 60 },
  );
});

it("throws for a size beyond the tree's", async () => {
  await expect(new GrowingRoot(reader).at(LEAVES + 1)).rejects.toMatchObject({
    code: "TRIPLINE_LEDGER_INVALID",
  });
});
