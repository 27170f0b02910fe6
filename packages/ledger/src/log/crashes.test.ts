import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { type LedgerStorage, MemoryStorage } from "../storage/index.ts";
import { FaultyStorage, Killed } from "../testing/faulty-storage.ts";
import { toHex } from "../testing/hex.ts";
import { entriesFrom, entryAt, openTestLog, verifier } from "../testing/logs.ts";
import { encodeBundle } from "../tiles/bundle.ts";
import { TileReader } from "../tiles/tile-reader.ts";
import { CompactRange } from "../tree/compact-range.ts";
import { leafHash } from "../tree/hashing.ts";
import type { TiledLog } from "./tiled-log.ts";

const MOST = 2000;
const roots: string[] = [];
const range = new CompactRange();
for (let i = 0; i <= MOST; i++) {
  roots.push(toHex(range.root()));
  range.append(leafHash(entryAt(i)));
}

/** Notes each checkpoint that is ever put. */
class WatchedStorage extends MemoryStorage {
  readonly checkpoints: { size: number; root: string }[] = [];
  override async replace(path: string, expected: Uint8Array | null, next: Uint8Array): Promise<boolean> {
    const done = await super.replace(path, expected, next);
    if (done) {
      const { size, root } = openCheckpoint(next, [verifier]);
      this.checkpoints.push({ size, root: toHex(root) });
    }
    return done;
  }
}

/** What every storage must look like at any moment, whoever wrote to it. */
async function expectSound(storage: WatchedStorage): Promise<void> {
  for (const [i, { size, root }] of storage.checkpoints.entries()) {
    expect(root).toBe(roots[size]);
    expect(size).toBeGreaterThanOrEqual(storage.checkpoints[i - 1]?.size ?? 0);
  }
  const note = await storage.read("checkpoint");
  if (note === null) return;
  const reader = new TileReader(storage, openCheckpoint(note, [verifier]));
  for (let at = 0; at < reader.head.size; at += 256) await reader.entries(Math.floor(at / 256));
}

/** The storage, whose calls take effect, and are answered, in the order that the scheduler chooses. */
function interleaved(storage: LedgerStorage, scheduler: fc.Scheduler): LedgerStorage {
  const later =
    <Args extends unknown[], T>(name: string, call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      await scheduler.schedule(Promise.resolve(), `${name} ${args[0]}`);
      const answer = await call(...args);
      await scheduler.schedule(Promise.resolve(), `${name} ${args[0]} answered`);
      return answer;
    };
  return {
    read: later("read", storage.read.bind(storage)),
    write: later("write", storage.write.bind(storage)),
    replace: later("replace", storage.replace.bind(storage)),
    list: later("list", storage.list.bind(storage)),
    remove: later("remove", storage.remove.bind(storage)),
  };
}

/** Partial files whose full one exists. */
function superseded(storage: MemoryStorage): string[] {
  return [...storage.files.keys()].filter((path) => {
    const full = path.replace(/\.p\/\d+$/, "");
    return full !== path && storage.files.has(full);
  });
}

type Step = { append: number } | { checkpoint: true } | { dieAt: number; before: boolean } | { reopen: true };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.oneof(fc.nat(20), fc.nat(600)) }) },
  { weight: 4, arbitrary: fc.constant({ checkpoint: true as const }) },
  { weight: 3, arbitrary: fc.record({ dieAt: fc.nat(8), before: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
);

/** An archiver: appends the records in order, is killed at times, and starts again where the ledger says. */
class Archiver {
  readonly #shared: LedgerStorage;
  #storage: FaultyStorage;
  #log: TiledLog | null = null;
  deaths = 0;

  constructor(shared: LedgerStorage) {
    this.#shared = shared;
    this.#storage = new FaultyStorage(shared);
  }

  async take(next: Step): Promise<void> {
    if ("dieAt" in next) return this.#storage.dieAt(next.dieAt, next.before);
    try {
      if ("reopen" in next) this.#log = null;
      this.#log ??= await openTestLog({ storage: this.#storage });
      const { size, published } = this.#log;
      const from = published.size; // what was not published is given again
      const upTo = Math.min(MOST, size + ("append" in next ? next.append : 0));
      if ("append" in next) await this.#log.append(from, entriesFrom(from, upTo - from));
      else await this.#log.checkpoint();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.deaths++;
      this.#log = null;
      this.#storage = new FaultyStorage(this.#shared);
    }
  }
}

describe("any sequence of appends, crashes and restarts", () => {
  it("gives the tree of the records, and never takes a checkpoint back", async () => {
    let deaths = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const storage = new WatchedStorage();
        const archiver = new Archiver(storage);
        for (const next of steps) {
          await archiver.take(next);
          await expectSound(storage);
        }
        deaths += archiver.deaths;
        const last = await openTestLog({ storage });
        await last.append(last.published.size, entriesFrom(last.published.size, MOST - last.published.size));
        expect(toHex((await last.checkpoint()).root)).toBe(roots[MOST]);
        await expectSound(storage);
      }),
      { numRuns: 40 },
    );
    expect(deaths).toBeGreaterThan(0);
  });

  it("heals from a death at each of the changes that a log makes, before it or after it", async () => {
    const run = async (storage: FaultyStorage) => {
      const log = await openTestLog({ storage });
      for (const [from, to] of [
        [0, 3],
        [3, 255],
        [255, 256],
        [256, 700],
        [700, 1030],
      ] as const) {
        await log.append(from, entriesFrom(from, to - from));
        await log.checkpoint();
      }
    };
    const whole = new FaultyStorage(new MemoryStorage());
    await run(whole);
    expect(whole.changes).toBeGreaterThan(25);
    for (let change = 0; change < whole.changes; change++) {
      for (const before of [true, false]) {
        const storage = new WatchedStorage();
        const dying = new FaultyStorage(storage);
        dying.dieAt(change, before);
        await expect(run(dying)).rejects.toBeInstanceOf(Killed);
        await expectSound(storage);
        const log = await openTestLog({ storage });
        const { size } = log.published;
        await log.append(size, entriesFrom(size, 1030 - size));
        expect(toHex((await log.checkpoint()).root)).toBe(roots[1030]);
        await expectSound(storage);
        expect(superseded(storage), `${change} ${before}`).toEqual([]);
      }
    }
  });

  it("keeps what was stored unpublished, also when the records can't be read any more", async () => {
    const storage = new MemoryStorage();
    const dying = new FaultyStorage(storage);
    const log = await openTestLog({ storage: dying });
    await log.append(0, entriesFrom(0, 300));
    dying.dieAt(3, true); // the full bundle and tile are there, the checkpoint is not
    await expect(log.checkpoint()).rejects.toBeInstanceOf(Killed);
    const again = await openTestLog({ storage });
    expect(again.published.size).toBe(0);
    expect(again.size).toBeGreaterThanOrEqual(256);
    const { size } = again;
    expect(toHex((await again.checkpoint()).root)).toBe(roots[size]);
  });

  it("refuses unpublished entries that do not continue the tree", async () => {
    const storage = new MemoryStorage();
    const log = await openTestLog({ storage });
    await log.append(0, entriesFrom(0, 10));
    await log.checkpoint();
    storage.files.set("tile/entries/000", encodeBundle(entriesFrom(5, 256)));
    await expect(openTestLog({ storage })).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_DAMAGED",
      paths: ["tile/entries/000"],
    });
  });
});

describe("two writers of one log", () => {
  /** Runs two archivers whose storage calls interleave in any order. */
  it("make one tree, whichever of them is the zombie, and no checkpoint goes back", async () => {
    let rivals = 0;
    const work = fc.array(fc.tuple(fc.nat(300), fc.boolean()), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), work, work, async (scheduler, one, two) => {
        const storage = new WatchedStorage();
        const scheduled = interleaved(storage, scheduler);
        const archive = async (steps: readonly [number, boolean][]) => {
          let log = await openTestLog({ storage: scheduled });
          for (const [count, publish] of steps) {
            try {
              await log.append(log.size, entriesFrom(log.size, Math.min(count, MOST - log.size)));
              if (publish) await log.checkpoint();
            } catch (error) {
              if (!(error instanceof LedgerError) || error.code !== "TRIPLINE_LEDGER_SUPERSEDED") throw error;
              rivals++;
              log = await openTestLog({ storage: scheduled });
            }
          }
        };
        const both = Promise.all([archive(one), archive(two)]);
        await scheduler.waitFor(both);
        await expectSound(storage);
        const last = await openTestLog({ storage });
        await last.append(last.size, entriesFrom(last.size, MOST - last.size));
        expect(toHex((await last.checkpoint()).root)).toBe(roots[MOST]);
        await expectSound(storage);
      }),
      { numRuns: 30 },
    );
    expect(rivals).toBeGreaterThan(0);
  });

  it("that were given different records leave one's tree, whole, in whatever order they write", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 250, max: 300 }), async (scheduler, count) => {
        const storage = new MemoryStorage();
        await openTestLog({ storage });
        const archive = async (first: number) => {
          const log = await openTestLog({ storage: interleaved(storage, scheduler) });
          await log.append(0, entriesFrom(first, count));
          return log.checkpoint();
        };
        const both = Promise.allSettled([archive(0), archive(1)]);
        await scheduler.waitFor(both);
        const published = (await both).filter(({ status }) => status === "fulfilled");
        expect(published.length).toBeLessThanOrEqual(1);
        const log = await openTestLog({ storage });
        expect(log.size).toBeGreaterThanOrEqual(published.length === 1 ? count : 0);
        await log.checkpoint();
        for (let at = 0; at < log.size; at += 256) await log.reader().entries(at / 256);
      }),
      { numRuns: 60 },
    );
  });

  it("that were given different records are stopped with an error, and neither is overwritten", async () => {
    const storage = new WatchedStorage();
    const [one, two] = [await openTestLog({ storage }), await openTestLog({ storage })];
    await one.append(0, entriesFrom(0, 10));
    await two.append(0, entriesFrom(1, 12));
    await one.checkpoint();
    await expect(two.checkpoint()).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_FORKED" });
    await expect(two.append(12, entriesFrom(13, 1))).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_FORKED",
    });
    expect(storage.checkpoints.at(-1)).toEqual({ size: 10, root: roots[10] });
    // What the other one stored is evidence, and stays until a person has looked at it.
    await expect(openTestLog({ storage })).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_DAMAGED",
      paths: ["tile/entries/000.p/12"],
    });
    for (const path of storage.files.keys()) if (path.endsWith(".p/12")) await storage.remove(path);

    const [three, four] = [await openTestLog({ storage }), await openTestLog({ storage })];
    await three.append(10, entriesFrom(10, 400));
    await three.checkpoint();
    const differs = four.append(10, entriesFrom(11, 400)).then(() => four.checkpoint());
    await expect(differs).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_CONFLICT" });
    await expectSound(storage);
  });

  it("go on when the answer to a checkpoint was lost", async () => {
    const storage = new WatchedStorage();
    const log = await openTestLog({ storage });
    await log.append(0, entriesFrom(0, 10));
    const replace = storage.replace.bind(storage);
    storage.replace = async (...args) => {
      await replace(...args);
      throw new LedgerError("TRIPLINE_LEDGER_UNAVAILABLE", "the answer was lost");
    };
    await expect(log.checkpoint()).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_UNAVAILABLE" });
    storage.replace = replace;
    await log.append(10, entriesFrom(10, 10));
    expect((await log.checkpoint()).size).toBe(20);
    await expectSound(storage);
  });
});
