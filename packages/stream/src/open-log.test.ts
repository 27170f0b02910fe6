import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultPartitions, logKind, openLog } from "./open-log.ts";

test("the URL picks the log; without one it is the embedded log in the data directory", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tripline-open-"));
  const log = await openLog({ dataDir });
  expect(log.generation).toBe("embedded-1");
  await log.close();
  rmSync(dataDir, { recursive: true });
  expect([logKind("embedded:"), logKind("kafka://a:1,b:2")]).toEqual(["embedded", "kafka"]);
  expect([defaultPartitions("embedded:"), defaultPartitions("kafka://a:1")]).toEqual([1, 12]);
});

test.each(["", "redis://x:1", "kafka://", "kafka://host", "kafka://host:1,", "kafka://u:hunter2@host:1"])(
  "%j names no log, and the refusal repeats no password",
  async (url) => {
    const error = await openLog({ url, dataDir: "/nonexistent" }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "TRIPLINE_STREAM_CONFIG" });
    expect(String(error)).not.toContain("hunter2");
  },
);
