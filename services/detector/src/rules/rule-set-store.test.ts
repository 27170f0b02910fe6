import type { RuleSetContent } from "@tripline/detection";
import { createMemoryLog, triplineTopics } from "@tripline/stream";
import { expect, it } from "vitest";
import { RuleSetStore } from "./rule-set-store.ts";

function numbered(number: number): RuleSetContent {
  return {
    v: 1,
    number,
    at: "2026-01-01T00:00:00.000Z",
    rules: [],
    settings: null,
    manifest: null,
    world: { internal_hosts: [], trusted_servers: [] },
    problems: [],
  };
}

it("keeps a set that a rival announced, whatever head is written after it", async () => {
  const log = createMemoryLog();
  await log.ensureTopics(triplineTopics(1));
  const rival = await new RuleSetStore(log).write(numbered(1));
  const own = await new RuleSetStore(log).write(numbered(2));
  await new RuleSetStore(log).writeHead({
    v: 1,
    pending: null,
    changes: [{ ...own, at: "2026-01-01T00:00:00.000Z", positions: [0] }],
  });
  expect((await new RuleSetStore(log).content(rival)).number).toBe(1);
  await log.close();
});
