/**
 * How cost grows with rules, with open sessions and with the length of sessions: `node --expose-gc bench/cost.ts`. Prints
 * JSON; `docs/scripts/cost.ts` draws docs/detection/cost.md from it. Memory is what the process holds above an engine that has
 * seen nothing; one child process measures one point, so that none pays for another.
 */
import { execFileSync } from "node:child_process";
import type { BenchResult, Figure } from "../../../bench/result.ts";
import { createDetection, type DetectionInput, type Rule, splitRules } from "../src/index.ts";
import { shippedRules } from "./shipped-rules.ts";
import { benchRules } from "./workload/hundred-rules.ts";
import { OFFICE, RecordStream } from "./workload/stream.ts";

const RULES = [1, 10, 100, 1000];
const SESSIONS = [1000, 10_000, 100_000];
const LENGTHS = [5, 20, 80, 320];
const RECORDS = 20_000; // measured at each point
const CALLS_TO_OPEN = 8; // of each session, before anything is measured
const BATCH = 5000;
const MB = 1e6;

interface Point {
  rules: number | "shipped";
  sessions: number;
  length: number;
}
interface Cost {
  microseconds: number;
  megabytes: number;
  rss: number;
}

const [asked] = process.argv.slice(2);
if (asked !== undefined) console.log(JSON.stringify(measure(JSON.parse(asked))));
else {
  const figures: Figure[] = [];
  for (const rules of RULES) {
    const { microseconds, megabytes } = inChild({ rules, sessions: 2000, length: 30 });
    figures.push({ name: `rules ${rules}: CPU`, value: microseconds, unit: "µs/record" });
    figures.push({ name: `rules ${rules}: memory`, value: megabytes, unit: "MB" });
  }
  for (const sessions of SESSIONS) {
    const { microseconds, megabytes, rss } = inChild({ rules: "shipped", sessions, length: 100_000 });
    figures.push({ name: `sessions ${sessions}: CPU`, value: microseconds, unit: "µs/record" });
    figures.push({ name: `sessions ${sessions}: memory`, value: megabytes, unit: "MB" });
    figures.push({ name: `sessions ${sessions}: resident`, value: rss, unit: "MB", goal: { at_most: 2000 } });
  }
  for (const length of LENGTHS) {
    const { microseconds, megabytes } = inChild({ rules: "shipped", sessions: 500, length });
    figures.push({ name: `calls ${length}: CPU`, value: microseconds, unit: "µs/record" });
    figures.push({ name: `calls ${length}: memory`, value: megabytes, unit: "MB" });
  }
  const result: BenchResult = { bench: "detection: how cost grows", figures };
  console.log(JSON.stringify(result));
}

function inChild(point: Point): Cost {
  const options = [
    "--expose-gc",
    "--max-semi-space-size=32",
    "--max-old-space-size=6000",
    import.meta.filename,
  ];
  const printed = execFileSync(process.execPath, [...options, JSON.stringify(point)], { encoding: "utf8" });
  const cost: Cost = JSON.parse(printed);
  console.error(`${JSON.stringify(point)} ${printed.trim()}`);
  return cost;
}

function measure({ rules, sessions, length }: Point): Cost {
  const detection = detectionWith(rules);
  const state = detection.initialState();
  const lasting = length > Math.max(...LENGTHS);
  const stream = new RecordStream({
    ...OFFICE,
    openSessions: sessions,
    credentials: Math.max(500, sessions / 20),
    sessionCalls: lasting ? [length, length] : [Math.ceil(length / 2), length],
    recordsPerSecond: Math.max(100, sessions / 20), // each session says something every half a minute
  });
  const judge = (inputs: readonly DetectionInput[]): void => {
    for (const input of inputs) detection.step(state, input);
  };
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const opening = lasting ? sessions * CALLS_TO_OPEN : 40_000;
  for (let done = 0; done < opening; done += BATCH) judge(stream.next(BATCH));
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  let spent = 0;
  for (let done = 0; done < RECORDS; done += BATCH) {
    const inputs = stream.next(BATCH);
    const cpu = process.cpuUsage();
    judge(inputs);
    const { user, system } = process.cpuUsage(cpu);
    spent += user + system;
  }
  return { microseconds: spent / RECORDS, megabytes: (heapUsed - before) / MB, rss: rss / MB };
}

function detectionWith(rules: Point["rules"]): ReturnType<typeof createDetection> {
  if (rules !== "shipped") return createDetection(benchRules(rules));
  const shipped: Rule[] = shippedRules();
  const { first, second } = splitRules(shipped);
  return createDetection(first, { feeds: second });
}
