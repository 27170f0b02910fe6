import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import type { LogRecord } from "../log.ts";
import { type EmbeddedLog, openEmbeddedLog } from "./embedded-log.ts";

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512; // what a disk writes whole or not at all
const HEADS = 2;
const TRANSACTION_AT = 152;
const RETENTION_MS = 1000;
const COMMIT_RUNS = Number(process.env.TRIPLINE_RUNS ?? 60);
const NEVER_RUNS = Math.ceil(COMMIT_RUNS / 7); // each reads the log in a process of its own

const folder = mkdtempSync(join(tmpdir(), "tripline-power-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The data file after a write that was acknowledged, and what the log held then. */
interface State {
  file: Buffer;
  earliest: number;
  next: number;
  table: string;
}

interface History {
  place: string;
  states: State[];
}

const histories = new Map<string, Promise<History>>();
function history(sync: "commit" | "never"): Promise<History> {
  const made = histories.get(sync) ?? makeHistory(sync);
  histories.set(sync, made);
  return made;
}

/** Writes with retention at work, so that pages are used again, and looks at the file after each write. */
async function makeHistory(sync: "commit" | "never"): Promise<History> {
  const place = join(folder, sync);
  let uptime = 1;
  const log = openEmbeddedLog({ directory: place, sync, expireEveryMs: 0, uptime: () => uptime });
  await log.ensureTopics([
    { name: "t", partitions: 1, cleanup: "delete", retentionMs: RETENTION_MS },
    { name: "table", partitions: 1, cleanup: "compact" },
  ]);
  const states: State[] = [];
  for (let round = 0; round < 40; round++) {
    const records = Array.from({ length: 12 }, (_, i) => ({ key: "k", value: contentOf(round * 12 + i) }));
    const wrote = log.produce("t", records);
    await Promise.all([
      wrote,
      log.produce("table", [{ key: `${round % 3}`, value: Buffer.from(`${round}`) }]),
    ]);
    const [bounds] = await log.offsets("t");
    states.push({
      file: readFileSync(join(place, "log.mdb")),
      earliest: bounds?.earliest ?? 0,
      next: bounds?.next ?? 0,
      table: `${round}`,
    });
    uptime += RETENTION_MS / 5;
    if (round % 4 === 3) await log.expire();
  }
  await log.close();
  return { place, states };
}

/** What a record's value is, by its offset: small ones, and some that fill pages of their own. */
function contentOf(offset: number): Buffer {
  return Buffer.alloc(offset % 5 === 0 ? 9000 : 100 + (offset % 7) * 40, `${offset}.`);
}

/** Of a state that one transaction alone made of the state before. */
function inOneStep(states: readonly State[]): [before: State, after: State][] {
  return states.flatMap((after, index) => {
    const before = states[index - 1];
    const isNext = before !== undefined && transaction(after) === transaction(before) + 1;
    return isNext ? [[before, after] as [State, State]] : [];
  });
}

function transaction({ file }: State): number {
  const of = (head: number) => Number(file.readBigUInt64LE(head * PAGE_BYTES + TRANSACTION_AT));
  return Math.max(of(0), of(1));
}

/** What an interrupted write leaves of one page: nothing, all, its first sectors, or zeros. */
type Fate = "before" | "after" | "torn" | "zeros";

function pageAfter(before: Buffer, after: Buffer, page: number, fate: Fate): Buffer {
  const at = page * PAGE_BYTES;
  const old = Buffer.concat([before.subarray(at, at + PAGE_BYTES), Buffer.alloc(PAGE_BYTES)]).subarray(
    0,
    PAGE_BYTES,
  );
  const now = after.subarray(at, at + PAGE_BYTES);
  if (fate === "after") return now;
  if (fate === "zeros") return Buffer.alloc(PAGE_BYTES);
  const sectors = fate === "torn" ? 3 : 0;
  return Buffer.concat([now.subarray(0, sectors * SECTOR_BYTES), old.subarray(sectors * SECTOR_BYTES)]);
}

function changedPages(before: Buffer, after: Buffer): number[] {
  const pages = Array.from({ length: after.byteLength / PAGE_BYTES }, (_, page) => page);
  const at = (file: Buffer, page: number) => file.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  return pages.filter((page) => !at(before, page).equals(at(after, page)));
}

let images = 0;
/** A directory as it is found after the power came back. */
function restored(place: string, file: Buffer, boot?: string): string {
  const directory = join(folder, `image-${images++}`);
  mkdirSync(directory);
  const identity = JSON.parse(readFileSync(join(place, "log.json"), "utf8"));
  writeFileSync(
    join(directory, "log.json"),
    JSON.stringify({ ...identity, ...(boot === undefined ? {} : { unsynced_since_boot: boot }) }),
  );
  writeFileSync(join(directory, "log.mdb"), file);
  return directory;
}

async function contents(log: EmbeddedLog): Promise<{ earliest: number; next: number; table: string }> {
  const [{ earliest, next } = { earliest: 0, next: 0 }] = await log.offsets("t");
  const records: LogRecord[] = [];
  await log.scan({ topic: "t", partition: 0, from: earliest, to: next }, async (batch) => {
    records.push(...batch);
  });
  expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => earliest + i));
  for (const { offset, value } of records)
    expect(contentOf(offset).equals(value ?? Buffer.alloc(0))).toBe(true);
  let newest = -1;
  const table = await log.readTable("table", ({ value }) => {
    newest = Math.max(newest, Number(Buffer.from(value ?? []).toString()));
  });
  await table.loaded;
  await table.close();
  return { earliest, next, table: `${newest}` };
}

test("a power cut in the middle of a write leaves exactly what was acknowledged before it", async () => {
  const { place, states } = await history("commit");
  const steps = inOneStep(states);
  expect(steps.length).toBeGreaterThan(20);
  const fate = fc.constantFrom<Fate>("before", "after", "torn", "zeros");
  await fc.assert(
    fc.asyncProperty(
      fc.nat(steps.length - 1),
      fc.array(fate, { minLength: 1, maxLength: 40 }),
      fc.boolean(),
      async (at, fates, extended) => {
        const [before, after] = steps[at] ?? [];
        if (before === undefined || after === undefined) throw new Error("no such state");
        // LMDB writes a transaction's pages, syncs them, and only then one sector of one head. Not that far: the heads stay.
        const image = Buffer.from(
          extended
            ? Buffer.concat([
                before.file,
                Buffer.alloc(Math.max(0, after.file.byteLength - before.file.byteLength)),
              ])
            : before.file,
        );
        for (const [index, page] of changedPages(before.file, after.file).entries()) {
          if (page < HEADS || (page + 1) * PAGE_BYTES > image.byteLength) continue;
          pageAfter(before.file, after.file, page, fates[index % fates.length] ?? "after").copy(
            image,
            page * PAGE_BYTES,
          );
        }
        const directory = restored(place, image);
        const log = openEmbeddedLog({ directory, expireEveryMs: 0 });
        const { file: _, ...acknowledged } = before;
        const found = await contents(log);
        expect(found.table).toBe(acknowledged.table);
        expect(found.next).toBe(acknowledged.next);
        await log.produce("t", [{ key: "k", value: contentOf(acknowledged.next) }]);
        await contents(log);
        await log.close();
        rmSync(directory, { recursive: true });
      },
    ),
    { numRuns: COMMIT_RUNS },
  );
});

test("without syncing, a power cut is noticed: the log is whole as of some moment, or refused", async () => {
  const { place, states } = await history("never");
  let refused = 0;
  const run = fc.asyncProperty(
    fc.integer({ min: 4, max: states.length - 1 }),
    fc.array(fc.constantFrom<Fate>("before", "after"), { minLength: 3, maxLength: 40 }),
    async (at, fates) => {
      const [before, after] = [states[at - 4], states[at]];
      if (before === undefined || after === undefined) throw new Error("no such state");
      const image = Buffer.from(after.file);
      for (const [index, page] of changedPages(before.file, after.file).entries()) {
        pageAfter(before.file, after.file, page, fates[index % fates.length] ?? "after").copy(
          image,
          page * PAGE_BYTES,
        );
      }
      const directory = restored(place, image, "an earlier boot");
      try {
        const log = openEmbeddedLog({ directory, sync: "never", expireEveryMs: 0 });
        await contents(log);
        await log.close();
      } catch (error) {
        if (!hasCode(error, "TRIPLINE_STREAM_DAMAGED")) throw error;
        refused++;
      }
      rmSync(directory, { recursive: true });
    },
  );
  await fc.assert(run, { numRuns: NEVER_RUNS });
  expect(refused).toBeGreaterThan(0); // that it is noticed, and not that there was nothing to notice
}, 60_000);

test("without syncing, a process that ended without closing loses nothing, and no time at the next start", async () => {
  const { place, states } = await history("never");
  const copy = join(folder, "killed");
  cpSync(place, copy, { recursive: true });
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const identity = JSON.parse(readFileSync(join(copy, "log.json"), "utf8"));
  writeFileSync(join(copy, "log.json"), JSON.stringify({ ...identity, unsynced_since_boot: boot }));
  const log = openEmbeddedLog({ directory: copy, sync: "commit", expireEveryMs: 0 });
  expect((await contents(log)).next).toBe(states.at(-1)?.next);
  expect(readFileSync(join(copy, "log.json"), "utf8")).not.toContain("unsynced");
  await log.close();
});
