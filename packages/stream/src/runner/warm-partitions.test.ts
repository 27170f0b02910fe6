import fc from "fast-check";
import { expect, test } from "vitest";
import type { Assignment, CommittedOffset, ConsumeOptions, Log, LogRecord, PartitionReader } from "../log.ts";
import { createMemoryLog } from "../memory/memory-log.ts";
import { runStep } from "./run-step.ts";

/** A log whose one partition is given and taken by the test, to two members of a group. */
class Hands {
  readonly members: ConsumeOptions[] = [];
  committed: CommittedOffset | null = null;
  readonly log: Log;
  #held: { reader: PartitionReader; lost: AbortController; next: number } | null = null;
  readonly #records: LogRecord[];

  constructor(memory: Log, records: LogRecord[]) {
    this.#records = records;
    const consume = async (options: ConsumeOptions) => {
      this.members.push(options);
      return { ended: new Promise<void>(() => undefined), close: () => Promise.resolve() };
    };
    this.log = new Proxy(memory, {
      get: (target, name) => {
        if (name === "consume") return consume;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  async give(member: number): Promise<void> {
    const lost = new AbortController();
    const assignment: Assignment = {
      topic: "in",
      partition: 0,
      committed: this.committed,
      earliest: 0,
      signal: lost.signal,
      commit: async (offset, metadata = "") => {
        if (!lost.signal.aborted) this.committed = { offset, metadata };
      },
    };
    const reader = await this.members[member]?.onAssigned(assignment);
    if (reader === undefined) throw new Error("no such member");
    this.#held = { reader, lost, next: reader.startAt ?? this.committed?.offset ?? 0 };
  }

  /** Hands on so many records, in one batch. */
  async hand(count: number): Promise<void> {
    const held = this.#held;
    if (held === null) return;
    const batch = this.#records.slice(held.next, held.next + count);
    if (batch.length === 0) return;
    await held.reader.onBatch(batch);
    held.next += batch.length;
  }

  take(): void {
    this.#held?.lost.abort();
    this.#held?.reader.onLost?.();
    this.#held = null;
  }
}

const RECORDS = 60;
type Action = { do: "hand"; count: number } | { do: "move"; to: number };
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant("hand" as const), count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ do: fc.constant("move" as const), to: fc.constantFrom(0, 0, 0, 1) }),
);

async function run(actions: readonly Action[], commitEveryMs: number) {
  const memory = createMemoryLog();
  await memory.ensureTopics([
    { name: "out", partitions: 1, cleanup: "delete" },
    { name: "tripline.state", partitions: 1, cleanup: "compact" },
    { name: "tripline.dead-letters", partitions: 1, cleanup: "delete" },
  ]);
  const records = Array.from({ length: RECORDS }, (_, offset): LogRecord => {
    return {
      topic: "in",
      partition: 0,
      offset,
      appendTime: 0,
      key: null,
      value: Buffer.from("x"),
      headers: {},
    };
  });
  const hands = new Hands(memory, records);
  const counts = { opened: 0, restored: 0, lost: 0 };
  for (const name of ["a", "b"]) {
    await runStep({
      log: hands.log,
      name: "step",
      topic: "in",
      snapshotEveryMs: name === "a" ? 1e9 : 0,
      snapshotShare: 1,
      commitEveryMs,
      open: () => {
        counts.opened++;
        let count = 0;
        return {
          process: ({ offset }) => {
            count++;
            const value = Buffer.from(`${offset}:${count}`);
            // Half of the records emit nothing, so that commits lag behind.
            if (offset % 2 === 1) return { kind: "skip", reason: "odd" };
            return { kind: "emit", records: [{ topic: "out", key: null, value }] };
          },
          snapshot: () => Buffer.from(String(count)),
          restore: (bytes) => {
            counts.restored++;
            count = Number(Buffer.from(bytes).toString());
          },
          onLost: () => {
            counts.lost++;
          },
        };
      },
    });
  }
  await hands.give(0);
  for (const step of actions) {
    if (step.do === "hand") await hands.hand(step.count);
    else {
      hands.take();
      await hands.give(step.to);
    }
  }
  await hands.hand(RECORDS);
  const emitted = new Set<string>();
  await memory.scan(
    { topic: "out", partition: 0, from: 0, to: (await memory.offsets("out"))[0]?.next ?? 0 },
    async (batch) => {
      for (const { value } of batch) emitted.add(Buffer.from(value ?? []).toString());
    },
  );
  return { emitted: [...emitted].sort(), counts };
}

const expected = Array.from({ length: RECORDS / 2 }, (_, index) => `${2 * index}:${2 * index + 1}`).sort();

test("whoever gets the partition when, each record is processed with the state that it should have", async () => {
  let warm = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 25 }),
      fc.constantFrom(0, 1e9),
      async (actions, commitEveryMs) => {
        const { emitted, counts } = await run(actions, commitEveryMs);
        expect(emitted).toEqual(expected);
        const moves = actions.filter((each) => each.do === "move").length;
        warm += moves + 1 - counts.opened;
      },
    ),
    { numRuns: 150 },
  );
  expect(warm).toBeGreaterThan(50);
});

test("a partition that comes back at once is taken up where it was left; one that another worked on is not", async () => {
  const back = await run(
    [
      { do: "hand", count: 4 },
      { do: "move", to: 0 },
      { do: "hand", count: 4 },
    ],
    0,
  );
  expect(back.counts).toEqual({ opened: 1, restored: 0, lost: 0 });
  const away = await run(
    [
      { do: "hand", count: 4 },
      { do: "move", to: 1 },
      { do: "hand", count: 4 },
      { do: "move", to: 0 },
      { do: "hand", count: 4 },
    ],
    0,
  );
  expect(away.counts).toMatchObject({ opened: 3, restored: 2 });
  expect(away.emitted).toEqual(expected);
});
