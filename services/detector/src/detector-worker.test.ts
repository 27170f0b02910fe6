import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordsOf, shortRecordSchema } from "@tripline/detection";
import { encodeRecord, eventKey, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log, triplineTopics } from "@tripline/stream";
import { afterEach, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { createDetectorWorker } from "./detector-worker.ts";

const context = createContext({ service: "test", logLevel: "silent" });
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openLog(): Promise<Log> {
  const log = createMemoryLog();
  await log.ensureTopics(triplineTopics(1));
  closing.push(() => log.close());
  return log;
}

async function rulesDirectory(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tripline-rules-"));
  closing.push(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "own.yaml"), text);
  return directory;
}

const OWN_RULE = `title: Somebody prints
name: print-call
level: high
logsource: { category: agent_tool_call }
detection: { call: { tool: print }, condition: call }
tripline: { summary: "{tool} was called", why: paper, next: [look], response: { revocable: false } }
`;

it("detects in its own thread with the operator's rules, tells its metrics, and stops cleanly", async () => {
  const log = await openLog();
  const detector = createDetectorWorker({
    log,
    context,
    places: { directory: await rulesDirectory(OWN_RULE) },
  });
  await detector.start();
  await waitFor(() => detector.health().state === "ready");
  const inputs = recordsOf([shortRecordSchema.parse({ tool: "print" })]);
  await log.produce(
    TOPICS.events,
    inputs.map(({ record }) => ({
      key: eventKey(record.envelope),
      value: new TextEncoder().encode(encodeRecord(record)),
    })),
  );
  await waitFor(async () => (await log.offsets(TOPICS.alerts))[0]?.next === 1, { what: "the alert" });
  expect(await detector.metrics()).toContain(
    'tripline_detector_alerts_total{rule="print-call",severity="high"',
  );
  await detector.stop();
  expect(detector.health()).toEqual({ state: "stopped" });
  expect((await log.committed(TOPICS.events, "detector")).get(0)?.offset).toBe(2); // which rules are in force is a record too
});

it("starts with the other rules where one is wrong, and says which line it is", async () => {
  const directory = await rulesDirectory(OWN_RULE.replace("level: high", "level: grave"));
  const detector = createDetectorWorker({ log: await openLog(), context, places: { directory } });
  await detector.start();
  await waitFor(() => detector.health().state === "degraded");
  expect(detector.health().detail).toMatch(/own\.yaml:3: level: .*its rule is not in force/);
  await detector.stop();
});

it("does not start where the rules can't be read at all", async () => {
  const detector = createDetectorWorker({
    log: await openLog(),
    context,
    places: { directory: "/nonexistent/rules" },
  });
  await expect(detector.start()).rejects.toThrowError(/rules in \/nonexistent\/rules can't be read/);
  expect(detector.health().state).toBe("failed");
  await detector.stop();
});

it("has failed when its log is taken away", async () => {
  const log = await openLog();
  const detector = createDetectorWorker({ log, context });
  await detector.start();
  await log.close(); // the thread loses the log it works on
  await waitFor(() => detector.health().state === "failed");
  await detector.stop();
});
