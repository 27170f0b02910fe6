import { expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Log, LogRecord, NewRecord } from "../log.ts";
import { createMemoryLog } from "../memory/memory-log.ts";
import type { RunnerHandle } from "./hooks.ts";
import { copiedFrom, copiedHeaders, MARK_HEADERS, replayedFor } from "./marks.ts";
import { runSink } from "./run-sink.ts";
import { runStep } from "./run-step.ts";
import type { SinkRange } from "./sink.ts";

const from = { generation: "embedded/odd-1", partition: 3, offset: 12, appendTime: 1_700_000_000_000 };

async function newLog(): Promise<Log> {
  const log = createMemoryLog();
  await log.ensureTopics([
    { name: "in", partitions: 1, cleanup: "delete" },
    { name: "out", partitions: 1, cleanup: "delete" },
    { name: "tripline.dead-letters", partitions: 1, cleanup: "delete" },
    { name: "tripline.state", partitions: 1, cleanup: "compact" },
  ]);
  return log;
}

const record = (value: string, headers: Record<string, string> = {}): NewRecord => ({
  key: "a",
  value: Buffer.from(value),
  headers,
});
const text = (value: Uint8Array | null) => Buffer.from(value ?? []).toString();
const caughtUp = (handle: RunnerHandle) =>
  waitFor(async () => (await handle.lag()).every(({ lag }) => lag === 0), { what: "no lag" });
const replay = (step: string) => ({ [MARK_HEADERS.replayStep]: step, [MARK_HEADERS.replayOf]: "g/in/0/1" });

test("a mark is read back, and one that can't be read is none", () => {
  const headers = copiedHeaders(from);
  expect(copiedFrom({ headers })).toEqual(from);
  for (const broken of ["", "g/1", "g/1/x", "g/-1/2", "/1/2", "g/1/2/"]) {
    expect(copiedFrom({ headers: { ...headers, [MARK_HEADERS.copiedFrom]: broken } })).toBeNull();
  }
  expect(copiedFrom({ headers: { ...headers, [MARK_HEADERS.copiedAppendTime]: "soon" } })).toBeNull();
  expect(copiedFrom({ headers: {} })).toBeNull();
  expect(replayedFor({ headers: replay("archiver") })).toBe("archiver");
  expect(replayedFor({ headers: { [MARK_HEADERS.replayStep]: "" } })).toBeNull();
});

test("a step learns from copies in silence, at their original's time, and does not see what is replayed for another", async () => {
  const log = await newLog();
  const outcomes: string[] = [];
  const seen: [string, number][] = [];
  const open = (state: boolean) => ({
    process: ({ value, appendTime }: LogRecord) => {
      seen.push([text(value), appendTime]);
      if (text(value) === "bad") return { kind: "reject" as const, reason: "bad" };
      return { kind: "emit" as const, records: [{ topic: "out", ...record(`of ${text(value)}`) }] };
    },
    ...(state ? { snapshot: () => Buffer.from(""), restore: () => undefined } : {}),
  });
  await log.produce("in", [
    record("copy", copiedHeaders(from)),
    record("bad", copiedHeaders({ ...from, offset: 13 })),
    record("another's", replay("archiver")),
    record("copy of another's", { ...copiedHeaders(from), ...replay("archiver") }),
    record("own", replay("step")),
    record("new"),
    record("from the future", copiedHeaders({ ...from, appendTime: 9e14 })),
  ]);
  const handle = await runStep({
    log,
    name: "step",
    topic: "in",
    hooks: { onOutcome: ({ kind, reason }) => outcomes.push(`${kind} ${reason ?? ""}`) },
    open: () => open(true),
  });
  await caughtUp(handle);
  await handle.close();
  expect(seen.map(([value]) => value)).toEqual(["copy", "bad", "own", "new", "from the future"]);
  expect(seen.slice(0, 2).map(([, time]) => time)).toEqual([from.appendTime, from.appendTime]);
  for (const [, time] of seen) expect(time).toBeLessThan(8e14);
  expect((await log.offsets("out"))[0]?.next).toBe(2);
  expect((await log.offsets("tripline.dead-letters"))[0]?.next).toBe(0);
  expect(outcomes.sort()).toEqual([
    "emit ",
    "emit ",
    ...Array.from({ length: 3 }, () => "skip copied"),
    ...Array.from({ length: 2 }, () => "skip replayed_for_another"),
  ]);

  seen.length = 0;
  const stateless = await runStep({ log, name: "stateless", topic: "in", open: () => open(false) });
  await caughtUp(stateless);
  await stateless.close();
  expect(seen.map(([value]) => value)).toEqual(["new"]); // `own` was replayed for the other step
});

test("a sink is given what it is to write, and beside it every other position of the range", async () => {
  const log = await newLog();
  await log.produce("in", [
    record("0"),
    record("1", copiedHeaders(from)),
    record("2", replay("step")),
    record("3", replay("sink")),
  ]);
  const written: [SinkRange, string[]][] = [];
  const handle = await runSink({
    log,
    name: "sink",
    topic: "in",
    open: () => ({
      write: async (range, records) => {
        written.push([range, records.map(({ value }) => text(value))]);
        return [];
      },
    }),
  });
  await caughtUp(handle);
  await handle.close();
  expect(written).toHaveLength(1);
  const [range, records] = written[0] ?? [];
  expect(records).toEqual(["0", "3"]);
  expect(range).toMatchObject({ first: 0, last: 3 });
  expect(range?.setAside.map(({ record: { offset }, why }) => [offset, why])).toEqual([
    [1, "copied"],
    [2, "replayed_for_another"],
  ]);
});
