import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { TOMBSTONE_RETENTION_MS } from "../local/local-log.ts";
import type { Log, LogRecord } from "../log.ts";
import { openEmbeddedLog } from "./embedded-log.ts";

const HOUR_MS = 3_600_000;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tripline-log-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function readAll(log: Log, topic: string, startAt?: number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  const total = (await log.offsets(topic)).reduce((sum, { earliest, next }) => sum + next - earliest, 0);
  const consumer = await log.consume({
    topic,
    group: `reader-${Math.random()}`,
    onAssigned: async () => ({
      ...(startAt === undefined ? {} : { startAt }),
      onBatch: async (batch) => {
        records.push(...batch);
      },
    }),
  });
  await waitFor(() => records.length >= total, { what: `all of ${topic}` });
  await consumer.close();
  return records;
}

async function table(log: Log, topic: string): Promise<Map<string, string | null>> {
  const entries = new Map<string, string | null>();
  const reader = await log.readTable(topic, ({ key, value }) =>
    entries.set(key, value === null ? null : Buffer.from(value).toString()),
  );
  await reader.loaded;
  await reader.close();
  return entries;
}

test("everything acknowledged is there after kill -9 in the middle of producing, whole and in order", async () => {
  for (let kill = 0; kill < 3; kill++) {
    const place = join(directory, `${kill}`);
    const child = spawn(
      process.execPath,
      [new URL("./produce-until-killed.fixture.ts", import.meta.url).pathname, place],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    await waitFor(() => output.split("\n").length > 5 + kill * 20, { what: "some rounds" });
    child.kill("SIGKILL");
    await exited;
    const acknowledged = output.split("\n").length - 1; // rounds; a last line without its end was not said
    const log = openEmbeddedLog({ directory: place });
    const records = await readAll(log, "t");
    const byKey = new Map<string, string[]>();
    for (const { key, value } of records) {
      const list = byKey.get(key ?? "") ?? [];
      byKey.set(key ?? "", list);
      list.push(Buffer.from(value ?? []).toString());
    }
    expect(byKey.size).toBe(20);
    for (const [key, values] of byKey) {
      expect(values.length).toBeGreaterThanOrEqual(acknowledged * 10);
      expect(values).toEqual(values.map((_, i) => `${Math.floor(i / 10)}.${key}.${i % 10}`));
    }
    const entries = await table(log, "table");
    expect(Math.max(...[...entries.values()].map(Number))).toBeGreaterThanOrEqual(acknowledged - 1);
    await log.close();
  }
});

test("a second owner is refused, in this process and in another, and a dead owner's directory is free", async () => {
  const log = openEmbeddedLog({ directory });
  expect(() => openEmbeddedLog({ directory })).toThrow(
    expect.objectContaining({
      code: "TRIPLINE_STREAM_LOCKED",
      message: expect.stringContaining(`${process.pid}`),
    }),
  );
  const script = `import(${JSON.stringify(new URL("./embedded-log.ts", import.meta.url).href)})
    .then(({ openEmbeddedLog }) => openEmbeddedLog({ directory: ${JSON.stringify(directory)} }))
    .then(() => process.kill(process.pid, "SIGKILL"), (error) => console.log(error.code));`;
  expect(execFileSync(process.execPath, ["-e", script]).toString()).toBe("TRIPLINE_STREAM_LOCKED\n");
  await log.close();
  expect(() => execFileSync(process.execPath, ["-e", script], { stdio: "pipe" })).toThrow(); // killed while it owned it
  await openEmbeddedLog({ directory }).close();
});

test("records, offsets, commits and topics survive a restart", async () => {
  let log = openEmbeddedLog({ directory });
  await log.ensureTopics([{ name: "t", partitions: 1, cleanup: "delete" }]);
  await log.produce("t", [{ key: "a", value: Buffer.from("1") }]);
  const consumer = await log.consume({
    topic: "t",
    group: "g",
    onAssigned: async (assignment) => ({ onBatch: () => assignment.commit(1, "metadata") }),
  });
  await waitFor(async () => (await log.committed("t", "g")).size === 1, { what: "the commit" });
  await consumer.close();
  await log.close();
  log = openEmbeddedLog({ directory });
  await log.ensureTopics([{ name: "t", partitions: 1, cleanup: "delete" }]);
  expect(await log.committed("t", "g")).toEqual(new Map([[0, { offset: 1, metadata: "metadata" }]]));
  expect(await log.produce("t", [{ key: "a", value: Buffer.from("2") }])).toEqual([
    { partition: 0, offset: 1 },
  ]);
  await log.close();
});

describe("retention", () => {
  let now: number;
  let uptime: number;
  const open = () => openEmbeddedLog({ directory, expireEveryMs: 0, now: () => now, uptime: () => uptime });
  const pass = (ms: number) => {
    now += ms;
    uptime += ms;
  };
  beforeEach(() => {
    now = Date.UTC(2026, 0, 1);
    uptime = 1000;
  });

  test("removes what is older than declared and nothing else; a reader of the removed part is told which", async () => {
    let log = open();
    await log.ensureTopics([
      { name: "t", partitions: 1, cleanup: "delete", retentionMs: HOUR_MS },
      { name: "kept", partitions: 1, cleanup: "delete" },
    ]);
    for (const name of ["t", "kept"]) await log.produce(name, [{ key: "a", value: Buffer.from("old") }]);
    expect(await log.expire()).toBe(0); // sees the first record, now
    pass(HOUR_MS / 2);
    await log.produce("t", [{ key: "a", value: Buffer.from("young") }]);
    expect(await log.expire()).toBe(0);
    pass(HOUR_MS / 2);
    expect(await log.expire()).toBe(0);
    pass(1);
    expect(await log.expire()).toBe(1);
    expect(await log.offsets("t")).toEqual([{ partition: 0, earliest: 1, next: 2 }]);
    expect((await readAll(log, "kept")).length).toBe(1);
    const late = await log.consume({
      topic: "t",
      group: "late",
      onAssigned: async () => ({ startAt: 0, onBatch: () => Promise.resolve() }),
    });
    await expect(late.ended).rejects.toMatchObject({
      code: "TRIPLINE_STREAM_OUT_OF_RANGE",
      lost: { topic: "t", partition: 0, from: 0, to: 1, how: "removed" },
    });
    pass(2 * HOUR_MS);
    expect(await log.expire()).toBe(1);
    await log.close();
    log = open();
    expect(await log.offsets("t")).toEqual([{ partition: 0, earliest: 2, next: 2 }]);
    expect(await log.produce("t", [{ key: "a", value: Buffer.from("next") }])).toEqual([
      { partition: 0, offset: 2 },
    ]);
    await log.close();
  });

  test("a clock that jumps by a year, forth and back, removes nothing and stops nothing; time that passes does", async () => {
    const log = open();
    await log.ensureTopics([{ name: "t", partitions: 1, cleanup: "delete", retentionMs: HOUR_MS }]);
    const produce = (value: string) => log.produce("t", [{ key: "a", value: Buffer.from(value) }]);
    await produce("before");
    await log.expire();
    const year = 365 * 24 * HOUR_MS;
    const minute = 60_000;
    pass(minute);
    now += year;
    await produce("a year on");
    expect(await log.expire()).toBe(0);
    pass(minute);
    now -= year + HOUR_MS;
    await produce("an hour too early");
    expect(await log.expire()).toBe(0);
    const times = (await readAll(log, "t")).map(({ appendTime }) => appendTime);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    pass(2 * HOUR_MS);
    expect(await log.expire()).toBe(3);
    await log.close();
  });

  test("counts across restarts; of a reboot it believes the date for a day at most", async () => {
    const specs = [{ name: "t", partitions: 1, cleanup: "delete" as const, retentionMs: 36 * HOUR_MS }];
    let log = open();
    await log.ensureTopics(specs);
    await log.produce("t", [{ key: "a", value: Buffer.from("1") }]);
    await log.expire();
    await log.close();
    pass(11 * HOUR_MS);
    log = open();
    expect(await log.expire()).toBe(0);
    await log.close();
    now += 400 * 24 * HOUR_MS; // off, or only its clock was set
    uptime = 1000;
    log = open();
    expect(await log.expire()).toBe(0); // 11 h and a day
    pass(HOUR_MS);
    expect(await log.expire()).toBe(0);
    pass(1);
    expect(await log.expire()).toBe(1);
    await log.close();
  });

  test("tombstones stay for a day, values for ever; superseded values are really gone", async () => {
    const log = open();
    await log.ensureTopics([{ name: "table", partitions: 1, cleanup: "compact" }]);
    await log.produce("table", [
      { key: "a", value: Buffer.from("secret-one") },
      { key: "a", value: Buffer.from("two") },
      { key: "b", value: Buffer.from("one") },
      { key: "b", value: null },
    ]);
    const [{ offset } = { offset: 0 }] = await log.produce("table", [
      { key: "c", value: Buffer.from("one") },
    ]);
    expect((await readAllOffsets(log, "table", offset)).join()).toBe("1,3,4");
    await log.expire();
    pass(TOMBSTONE_RETENTION_MS);
    expect(await log.expire()).toBe(0);
    pass(1);
    expect(await log.expire()).toBe(1);
    expect(await table(log, "table")).toEqual(
      new Map([
        ["a", "two"],
        ["c", "one"],
      ]),
    );
    await log.produce("table", [{ key: "b", value: Buffer.from("again") }]);
    expect((await table(log, "table")).get("b")).toBe("again");
    await log.close();
  });

  test("the file stays as large as what is kept: space is used again, by records and by tables", async () => {
    const log = open();
    await log.ensureTopics([
      { name: "t", partitions: 1, cleanup: "delete", retentionMs: HOUR_MS },
      { name: "table", partitions: 1, cleanup: "compact" },
    ]);
    const sizes: number[] = [];
    for (let hour = 0; hour < 40; hour++) {
      const records = Array.from({ length: 200 }, (_, i) => ({
        key: `${i}`,
        value: Buffer.alloc(500 + i * 20, hour),
      }));
      await log.produce("t", records);
      await log.produce("table", records.slice(0, 20));
      await log.expire();
      pass(HOUR_MS / 4);
      sizes.push(statSync(join(directory, "log.mdb")).size);
    }
    expect(sizes.at(-1)).toBeLessThan((sizes[9] ?? 0) * 1.5);
    await log.close();
  });
});

async function readAllOffsets(log: Log, topic: string, last: number): Promise<number[]> {
  const offsets: number[] = [];
  const consumer = await log.consume({
    topic,
    group: "offsets",
    onAssigned: async () => ({
      onBatch: async (batch) => {
        offsets.push(...batch.map(({ offset }) => offset));
      },
    }),
  });
  await waitFor(() => offsets.at(-1) === last, { what: "the last offset" });
  await consumer.close();
  return offsets;
}

describe("a full disk", () => {
  const full = { code: "TRIPLINE_STREAM_FULL", kind: "retriable" };

  test("refuses producers below the reserve while what is in hand goes on, and everything but commits below a quarter", async () => {
    const free = statfsSync(directory).bavail * statfsSync(directory).bsize;
    const log = openEmbeddedLog({ directory, reserveBytes: free * 2, now: () => 5 });
    await log.ensureTopics([{ name: "t", partitions: 1, cleanup: "delete" }]);
    expect(() => log.checkIntake()).toThrow(expect.objectContaining(full));
    await expect(log.ping()).rejects.toMatchObject(full);
    await log.produce("t", [{ key: "a", value: Buffer.from("an alert") }]);
    expect(await log.room()).toMatchObject({ fullSince: 5 });
    await log.close();

    const floor = openEmbeddedLog({ directory, reserveBytes: Number.MAX_SAFE_INTEGER, now: () => 6 });
    expect(await floor.room()).toMatchObject({ fullSince: 5 }); // the same occasion
    await expect(floor.produce("t", [{ key: "a", value: Buffer.from("1") }])).rejects.toMatchObject(full);
    const consumer = await floor.consume({
      topic: "t",
      group: "g",
      onAssigned: async (assignment) => ({
        onBatch: () => assignment.commit(1, "still possible"),
      }),
    });
    await waitFor(async () => (await floor.committed("t", "g")).get(0)?.metadata === "still possible", {
      what: "the commit",
    });
    await consumer.close();
    await floor.close();

    const room = openEmbeddedLog({ directory, reserveBytes: 0 });
    expect((await room.room()).fullSince).toBe(null);
    room.checkIntake();
    await room.close();
  });

  test.skipIf(!canMount())(
    "that is really full loses nothing that was acknowledged and goes on when there is room",
    async () => {
      const small = join(directory, "small");
      mkdirSync(small);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tripline-test", small]);
      try {
        const log = openEmbeddedLog({ directory: join(small, "log"), reserveBytes: 0, expireEveryMs: 0 });
        await log.ensureTopics([{ name: "t", partitions: 1, cleanup: "delete", retentionMs: 1 }]);
        const value = Buffer.alloc(10_000, 1);
        let acknowledged = 0;
        let refusal: unknown = null;
        while (refusal === null) {
          const results = await Promise.allSettled(
            Array.from({ length: 5 }, () => log.produce("t", [{ key: "a", value }])),
          );
          acknowledged += results.filter(({ status }) => status === "fulfilled").length;
          refusal =
            results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []))[0] ?? null;
        }
        expect(refusal).toMatchObject({ code: "TRIPLINE_STREAM_FULL", kind: "retriable" });
        expect(await log.offsets("t")).toEqual([{ partition: 0, earliest: 0, next: acknowledged }]);
        const records = await readAll(log, "t");
        expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
        expect(records.every((record) => record.value !== null && value.equals(record.value))).toBe(true);
        execFileSync("mount", ["-o", "remount,size=64m", small]);
        await log.produce("t", [{ key: "a", value }]);
        expect((await log.offsets("t"))[0]?.next).toBe(acknowledged + 1);
        await log.close();
      } finally {
        execFileSync("umount", [small]);
      }
    },
  );
});

/** Mounting a small file system takes root, which a developer's machine does not give. */
function canMount(): boolean {
  if (process.getuid?.() !== 0 || process.platform !== "linux") return false;
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const CAP_SYS_ADMIN = 21n;
  return ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}
