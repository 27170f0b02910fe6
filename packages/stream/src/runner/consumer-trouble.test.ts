import { expect, test } from "vitest";
import { createMemoryLog } from "../memory/memory-log.ts";
import { runStep } from "./run-step.ts";

test("what keeps a partition from being read shows in the step's health, and goes when it is over", async () => {
  const log = createMemoryLog();
  await log.ensureTopics([{ name: "in", partitions: 1, cleanup: "delete" }]);
  let trouble: string | null = null;
  const consume = log.consume.bind(log);
  log.consume = async (options) => {
    const consumer = await consume(options);
    return { ended: consumer.ended, close: () => consumer.close(), trouble: () => trouble };
  };
  const handle = await runStep({
    log,
    name: "looks",
    topic: "in",
    open: () => ({ process: () => ({ kind: "skip", reason: "nothing_to_do" }) }),
  });
  expect(handle.health().state).toBe("ready");
  trouble = "partition 0 of in has no leader";
  expect(handle.health()).toEqual({ state: "degraded", detail: trouble });
  trouble = null;
  expect(handle.health().state).toBe("ready");
  await handle.close();
  await log.close();
});
