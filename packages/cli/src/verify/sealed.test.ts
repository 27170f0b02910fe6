import {
  CATALOG_PATH,
  createSigner,
  encodeCatalog,
  generateSigningKey,
  lostEntry,
  MemoryStorage,
  openLog,
  partitionPath,
} from "@tripline/ledger";
import { beforeEach, expect, it } from "vitest";
import { sealedPartitions } from "./sealed.ts";

const GENERATION = "memory-1";
const LEAVES = 10;
let files: Map<string, MemoryStorage>;
const ledger = {
  of: (path: string) => {
    const storage = files.get(path) ?? new MemoryStorage();
    files.set(path, storage);
    return storage;
  },
};

beforeEach(async () => {
  files = new Map();
  const path = partitionPath(GENERATION, 0);
  const key = generateSigningKey(`tripline/test/${path}`);
  const origin = key.verifier.name;
  const log = await openLog({ storage: ledger.of(path), origin, signers: [createSigner(key)] });
  await log.append(0, Array.from({ length: LEAVES }, lostEntry));
  await log.checkpoint();
  const entry = { path, origin, verifier_key: key.verifier.verifierKey };
  await ledger.of("").replace(CATALOG_PATH, null, encodeCatalog([entry]));
});

it.each([
  ["all that is stored is sealed", { committed: 10, next: 12 }, { behind: 0, beyond: 0 }],
  ["some of it is not yet", { committed: 15, next: 15 }, { behind: 5, beyond: 0 }],
  ["the log was cut", { committed: 7, next: 7 }, { behind: 0, beyond: 3 }],
  ["nothing is stored", { committed: null, next: 10 }, { behind: 0, beyond: 0 }],
])("%s", async (_what, archived, expected) => {
  const [sealed] = await sealedPartitions(ledger, GENERATION, [{ partition: 0, ...archived }]);
  expect(sealed).toEqual({ type: "sealed", partition: 0, leaves: LEAVES, ...expected });
});

it("a partition without a ledger has no leaves", async () => {
  const [sealed] = await sealedPartitions(ledger, GENERATION, [{ partition: 1, committed: 4, next: 4 }]);
  expect(sealed).toMatchObject({ leaves: 0, behind: 4, beyond: 0 });
});
