import { describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { logContract } from "../log-contract.ts";
import { createMemoryLog } from "../memory/memory-log.ts";
import { openGeneration } from "./generation-log.ts";
import { LogBook } from "./log-book.ts";
import { renamedLog } from "./renamed-log.ts";

logContract("a log under other names", {
  propertyRuns: 20,
  open: async () => {
    const log = renamedLog(createMemoryLog(), "memory-7", (topic) => `${topic}.g7`);
    return { log, done: () => log.close() };
  },
});

logContract("a log in its generation", {
  propertyRuns: 20,
  open: async () => {
    const log = await openGeneration(createMemoryLog());
    return { log, done: () => log.close() };
  },
});

const RECORD = { key: "k", value: Buffer.from("1") };
const SPEC = { name: "t", partitions: 3, cleanup: "delete" } as const;

describe("a log that others move", () => {
  test("is in its first generation while nothing is said of it", async () => {
    const log = await openGeneration(createMemoryLog());
    expect(log.generation).toBe("memory-1");
    await log.ensureTopics([SPEC]);
    await log.intake.produce("t", [RECORD]);
    await log.close();
  });

  test("refuses producers while it drains, in all processes, and nobody else", async () => {
    const raw = createMemoryLog();
    const one = await openGeneration(raw, { lookEveryMs: 5 });
    const other = await openGeneration(raw, { lookEveryMs: 5 });
    await one.ensureTopics([SPEC]);
    await one.drain();
    const draining = { code: "TRIPLINE_STREAM_DRAINING", kind: "retriable" };
    await expect(one.intake.produce("t", [RECORD])).rejects.toMatchObject(draining);
    expect(one.takesIn()).toBe(false);
    await expect(one.ping()).rejects.toMatchObject(draining);
    await waitFor(
      () =>
        other.ping().then(
          () => false,
          () => true,
        ),
      { what: "the other process to know" },
    );
    await expect(other.intake.produce("t", [RECORD])).rejects.toMatchObject(draining);
    await other.produce("t", [RECORD]);
    await one.reopen();
    await one.intake.produce("t", [RECORD]);
    expect(one.takesIn()).toBe(true);
    await waitFor(
      () =>
        other.intake.produce("t", [RECORD]).then(
          () => true,
          () => false,
        ),
      { what: "reopening" },
    );
    await one.close();
    await other.close();
  });

  test("ends what is open when it is closed, and is not opened again; its successor is, with its own topics", async () => {
    const raw = createMemoryLog();
    const book = new LogBook(raw);
    const log = await openGeneration(raw, { lookEveryMs: 5 });
    await log.ensureTopics([SPEC, { name: "table", partitions: 1, cleanup: "compact" }]);
    const consumer = await log.consume({
      topic: "t",
      group: "g",
      onAssigned: async () => ({ onBatch: () => Promise.resolve() }),
    });
    const table = await log.readTable("table", () => undefined);
    const at = new Date(0).toISOString();
    await book.write([
      { generation: "memory-1", state: "closed", at, moved_to: "memory-2" },
      { generation: "memory-2", state: "copied", at, moved_from: "memory-1", partitions: 5 },
    ]);
    const moved = { code: "TRIPLINE_STREAM_MOVED", message: expect.stringContaining("memory-2") };
    await expect(consumer.ended).rejects.toMatchObject(moved);
    await expect(table.ended).rejects.toMatchObject(moved);
    await expect(log.produce("t", [RECORD])).rejects.toMatchObject(moved);
    await expect(openGeneration(raw)).rejects.toMatchObject(moved);

    await book.write([{ generation: "memory-2", state: "open", at, partitions: 5 }]);
    const next = await openGeneration(raw, { lookEveryMs: 0 });
    expect(next.generation).toBe("memory-2");
    await next.ensureTopics([SPEC]); // as configured before: the generation's own count holds
    expect(await next.partitionCount("t")).toBe(5);
    expect(await raw.partitionCount("t.g2")).toBe(5);
    await next.close();
  });

  test("refuses a target that is not whole", async () => {
    const raw = createMemoryLog();
    const at = new Date(0).toISOString();
    for (const state of ["copying", "copied", "abandoned"] as const) {
      await new LogBook(raw).write([{ generation: "memory-1", state, at, moved_from: "embedded-1" }]);
      await expect(openGeneration(raw)).rejects.toMatchObject({ code: "TRIPLINE_STREAM_MOVED" });
    }
  });
});
