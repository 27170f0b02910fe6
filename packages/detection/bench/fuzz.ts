/**
 * Random and hostile records through the engine with all shipped rules and a hundred more:
 * `node --expose-gc bench/fuzz.ts [RECORDS] [SEED]`. Prints JSON. Fails where a record throws; reports the records that are slow
 * in each of two passes, the longest regular expression (every tenth round has all of them timed) and how memory grew.
 */
import { RE2JS } from "re2js";
import type { BenchResult } from "../../../bench/result.ts";
import { hostileRecords } from "../src/engine/hostile-records.testing.ts";
import { createDetection, splitRules } from "../src/index.ts";
import { shippedRules } from "./shipped-rules.ts";
import { benchRules } from "./workload/hundred-rules.ts";
import { randomNumbers } from "./workload/stream.ts";

const RECORDS = Number(process.argv[2] ?? 10_000_000);
const SEED = Number(process.argv[3] ?? 1);
const ROUND = 10_000;
const LOG_EACH = 10; // rounds
const TIMED_EACH = 10; // rounds; timing every expression makes all of them slower
const SLOW_RECORD_MS = 10;
const SLOW_EXPRESSION_MS = 1;
const MB = 1e6;

const shipped = shippedRules();
const { second } = splitRules(shipped);
const detection = createDetection([...shipped, ...benchRules(100)], { feeds: second });
const expressions = { on: false, longestMs: 0, longest: "", slow: 0 };
timeExpressions();

let alerts = 0;
let groups = 0;
const heap: number[] = [];
const started = process.cpuUsage();
const first = pass("first pass");
const cpu = process.cpuUsage(started);
// On a shared machine any record may be slow once (a collection, other processes): its own cost is the less of two passes.
const again = first.size === 0 ? first : pass("second pass");
const slow = [...first].flatMap(([at, ms]) => {
  const other = again.get(at);
  return other === undefined ? [] : [{ at, ms: Math.min(ms, other) }];
});
const longest = slow.reduce((most, each) => (each.ms > most.ms ? each : most), { at: -1, ms: 0 });
if (slow.length > 0) console.error("slow both times:", slow);

/** All records once, from a new state. @returns CPU time in ms of those over SLOW_RECORD_MS */
function pass(name: string): Map<number, number> {
  const state = detection.initialState();
  const next = hostileRecords(randomNumbers(SEED));
  const over = new Map<number, number>();
  alerts = 0;
  for (let done = 0; done < RECORDS; done += ROUND) {
    const round = done / ROUND;
    expressions.on = round % TIMED_EACH === TIMED_EACH - 1;
    for (let at = done; at < done + ROUND; at += 1) {
      const input = next();
      const before = process.threadCpuUsage();
      try {
        alerts += detection.step(state, input).alerts.length;
      } catch (cause) {
        throw new Error(`record ${at} of seed ${SEED} fails: ${JSON.stringify(input).slice(0, 2000)}`, {
          cause,
        });
      }
      if (expressions.on) continue;
      const { user, system } = process.threadCpuUsage(before);
      const ms = (user + system) / 1000;
      if (ms > SLOW_RECORD_MS) over.set(at, ms);
    }
    if (round % LOG_EACH === 0) {
      globalThis.gc?.();
      heap.push(process.memoryUsage().heapUsed / MB);
      console.error(
        `${name}: ${done + ROUND} records, heap ${heap.at(-1)?.toFixed(0)} MB, ${over.size} over ${SLOW_RECORD_MS} ms, ` +
          `longest expression ${expressions.longestMs.toFixed(2)} ms ${expressions.longest}`,
      );
    }
  }
  groups = detection.counts(state).groups;
  return over;
}

const half = heap[Math.floor(heap.length / 2)] ?? 0;
const result: BenchResult = {
  bench: "fuzz: random and hostile records",
  figures: [
    { name: "records", value: RECORDS, unit: "" },
    { name: "CPU, making the records included", value: (cpu.user + cpu.system) / RECORDS, unit: "µs/record" },
    { name: "alerts", value: alerts, unit: "" },
    {
      name: `longest record, CPU time, where over ${SLOW_RECORD_MS} both times`,
      value: longest.ms,
      unit: "ms",
      goal: { at_most: SLOW_RECORD_MS },
    },
    { name: `records over ${SLOW_RECORD_MS} ms once`, value: first.size, unit: "" },
    { name: `records over ${SLOW_RECORD_MS} ms both times`, value: slow.length, unit: "" },
    {
      name: "longest expression",
      value: expressions.longestMs,
      unit: "ms",
      goal: { at_most: SLOW_EXPRESSION_MS },
    },
    { name: `expressions over ${SLOW_EXPRESSION_MS} ms`, value: expressions.slow, unit: "" },
    { name: "heap half-way", value: half, unit: "MB" },
    { name: "heap at the end", value: heap.at(-1) ?? 0, unit: "MB", goal: { at_most: half * 1.1 + 20 } },
    { name: "groups", value: groups, unit: "" },
  ],
};
console.log(JSON.stringify(result));

/** All that JavaScript does with expressions goes through `exec` once that is replaced. */
function timeExpressions(): void {
  const exec = RegExp.prototype.exec;
  RegExp.prototype.exec = function (this: RegExp, text: string): RegExpExecArray | null {
    if (!expressions.on) return exec.call(this, text);
    const before = performance.now();
    const found = exec.call(this, text);
    note(performance.now() - before, String(this), text);
    return found;
  };
  const test = RE2JS.prototype.test;
  RE2JS.prototype.test = function (this: RE2JS, text: string): boolean {
    if (!expressions.on) return test.call(this, text);
    const before = performance.now();
    const found = test.call(this, text);
    note(performance.now() - before, `RE2 ${this.pattern()}`, text);
    return found;
  };
}

function note(ms: number, expression: string, text: string): void {
  if (ms > SLOW_EXPRESSION_MS) expressions.slow += 1;
  if (ms <= expressions.longestMs) return;
  expressions.longestMs = ms;
  expressions.longest = `${expression.slice(0, 60)} on ${text.length} characters`;
}
