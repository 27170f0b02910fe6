import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { beginAnew } from "./begin-anew.ts";
import { openEmbeddedLog } from "./embedded-log.ts";

const RECORDS = 300;
const MARK = "find-me-";
let directory: string;
let file: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "tripline-damaged-"));
  file = join(directory, "log.mdb");
  const log = openEmbeddedLog({ directory });
  await log.ensureTopics([{ name: "t", partitions: 1, cleanup: "delete" }]);
  const records = Array.from({ length: RECORDS }, (_, i) => ({
    key: "a",
    value: Buffer.from(`${MARK}${i};`.repeat(40)),
  }));
  await log.produce("t", records);
  await log.close();
});
afterEach(() => rmSync(directory, { recursive: true }));

function overwrite(at: number, bytes: Uint8Array): void {
  const opened = openSync(file, "r+");
  writeSync(opened, bytes, 0, bytes.byteLength, at);
  closeSync(opened);
}

const DAMAGES: { what: string; damage: () => void; says: string }[] = [
  { what: "a file that is gone", damage: () => rmSync(file), says: "is gone" },
  { what: "an empty file", damage: () => truncateSync(file, 0), says: "missing or empty" },
  { what: "a file cut in its heads", damage: () => truncateSync(file, 4200), says: "head 2 of 2" },
  {
    what: "a file cut in half",
    damage: () => truncateSync(file, statSync(file).size / 2),
    says: "bytes, and its newest state needs",
  },
  { what: "a zeroed first head", damage: () => overwrite(0, Buffer.alloc(4096)), says: "head 1 of 2" },
  { what: "a zeroed second head", damage: () => overwrite(4096, Buffer.alloc(4096)), says: "head 2 of 2" },
  {
    what: "another program's file",
    damage: () => writeFileSync(file, "SQLite format 3".repeat(1000)),
    says: "head 1 of 2",
  },
  {
    what: "an identity that is none",
    damage: () => writeFileSync(join(directory, "log.json"), "{"),
    says: "log.json",
  },
];

test.each(DAMAGES)(
  "$what is refused: what was found, what to do, and nothing is begun in its place",
  ({ damage, says }) => {
    damage();
    const found = statSync(directory).size;
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => openEmbeddedLog({ directory })).toThrow(
        expect.objectContaining({ code: "TRIPLINE_STREAM_DAMAGED", message: expect.stringContaining(says) }),
      );
    }
    expect(() => openEmbeddedLog({ directory })).toThrow(/begin-anew/);
    expect(statSync(directory).size).toBe(found);
  },
);

test("a record that the disk changed is noticed when it is read, and named; those before it are read", async () => {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(`${MARK}250;`);
  overwrite(at + 3, Buffer.from("X"));
  const log = openEmbeddedLog({ directory });
  const read: number[] = [];
  const consumer = await log.consume({
    topic: "t",
    group: "g",
    maxBatchRecords: 50,
    onAssigned: async () => ({
      onBatch: async (batch) => {
        read.push(...batch.map(({ offset }) => offset));
      },
    }),
  });
  await expect(consumer.ended).rejects.toMatchObject({
    code: "TRIPLINE_STREAM_DAMAGED",
    message: expect.stringContaining("record 250 of t/0"),
  });
  expect(read).toEqual(Array.from({ length: 250 }, (_, i) => i));
  await log.close();
});

test("a first start that was cut off before anything was durable is begun again", async () => {
  writeFileSync(
    join(directory, "log.json"),
    JSON.stringify({ format: 1, generation: "embedded-3", state: "new" }),
  );
  truncateSync(file, 4096);
  const log = openEmbeddedLog({ directory });
  expect(log.generation).toBe("embedded-3");
  await expect(log.partitionCount("t")).rejects.toMatchObject({ code: "TRIPLINE_STREAM_TOPIC_UNKNOWN" });
  await log.close();
});

test("beginning anew puts what is left aside, and takes a number that no position has had", async () => {
  const identityFile = join(directory, "log.json");
  const paths = { directory, identityFile };
  const running = openEmbeddedLog(paths);
  expect(() => beginAnew(paths, new Date())).toThrow(
    expect.objectContaining({ code: "TRIPLINE_STREAM_LOCKED" }),
  );
  await running.close();
  truncateSync(file, 4200);
  const { generation, aside } = beginAnew(paths, new Date(0));
  expect(generation).toBe("embedded-2");
  expect(statSync(aside ?? "").size).toBe(4200);
  const log = openEmbeddedLog(paths);
  expect(log.generation).toBe("embedded-2");
  await log.ensureTopics([{ name: "t", partitions: 1, cleanup: "delete" }]);
  expect(await log.offsets("t")).toEqual([{ partition: 0, earliest: 0, next: 0 }]);
  await log.close();
  const again = openEmbeddedLog(paths);
  expect(again.generation).toBe("embedded-2");
  await again.close();
});

test("an identity that can't be read leaves no number to count on, and a new log takes one far away", () => {
  const identityFile = join(directory, "log.json");
  writeFileSync(identityFile, "{");
  expect(beginAnew({ directory, identityFile }, new Date("2026-11-21T10:00:00Z")).generation).toBe(
    "embedded-29920920",
  );
});
