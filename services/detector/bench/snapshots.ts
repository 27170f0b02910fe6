/**
 * What writing the state costs while records go on: `node bench/snapshots.ts [SESSIONS…]`. Prints one JSON line for each.
 * The first stage remembers so many sessions, of five to a credential; then two snapshots are encoded in slices with
 * records between them: one of everything, and one of what 30 s of records at 2,000/s have changed since.
 */
import { recordsOf, shortRecordSchema } from "@tripline/detection";
import { encodeRecord } from "@tripline/events";
import { createContext } from "@tripline/service";
import type { LogRecord, PartitionStep } from "@tripline/stream";
import type { BenchResult } from "../../../bench/result.ts";
import { firstStage } from "../src/first-stage.ts";
import { detectorMetrics } from "../src/metrics.ts";
import { loadRules } from "../src/rules/rule-directory.ts";
import { fixedRules } from "../src/rules/rules-in-force.ts";

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [4000, 40_000];
const SESSIONS_OF_CREDENTIAL = 5;
const RECORDS_OF_SESSION = 6;
const RATE = 2000; // records/s
const INTERVAL_S = 30; // the runner's least time between snapshots
const SLICE_MS = 2; // as the runner has it
const RECORDS_BETWEEN = 20; // slices: what arrives in 10 ms
const TEXT =
  "The quarterly review went well and most of the team will travel to the customer in the second week. ";

const context = createContext({ service: "bench", logLevel: "silent" });
const rules = fixedRules(await loadRules());
for (const sessions of SIZES) console.log(JSON.stringify(bench(sessions)));

function bench(sessions: number): BenchResult {
  const step = firstStage(
    { rules, metrics: detectorMetrics(context.metrics), now: context.now },
    { partition: 0, generation: "bench" },
  );
  let next = 0;
  const feed = (count: number): number => {
    let longest = 0;
    for (const record of recordsFrom(next, count, sessions)) {
      const from = cpuMs();
      void step.process(record);
      longest = Math.max(longest, cpuMs() - from);
    }
    next += count;
    return longest;
  };
  feed(sessions * RECORDS_OF_SESSION);
  const all = snapshot(step, feed);
  for (let left = RATE * INTERVAL_S; left > 0; left -= 1000) feed(1000);
  const usual = feed(1000);
  const since = snapshot(step, feed);
  return {
    bench: `state of ${sessions} sessions`,
    figures: [
      { name: "everything", value: all.chars / 1e6, unit: "MB" },
      { name: "everything, encoded in", value: all.encodingMs, unit: "ms" },
      {
        name: "longest slice",
        value: Math.max(all.longestMs, since.longestMs),
        unit: "ms",
        goal: { at_most: 10 },
      },
      { name: "longest record during a snapshot", value: Math.max(all.recordMs, since.recordMs), unit: "ms" },
      { name: "longest of 1,000 records without one", value: usual, unit: "ms" },
      { name: "changed in 30 s at 2,000 records/s", value: since.chars / 1e6, unit: "MB" },
      { name: "changed, encoded in", value: since.encodingMs, unit: "ms" },
      { name: "share of a core", value: (since.encodingMs / INTERVAL_S / 1000) * 100, unit: "%" },
    ],
  };
}

function snapshot(
  { state }: PartitionStep,
  feed: (count: number) => number,
): { chars: number; encodingMs: number; longestMs: number; recordMs: number } {
  if (state === undefined) throw new Error("the first stage has state");
  const result = { chars: 0, encodingMs: 0, longestMs: 0, recordMs: 0 };
  const timed = <T>(work: () => T): T => {
    const from = cpuMs();
    const done = work();
    const took = cpuMs() - from;
    result.encodingMs += took;
    result.longestMs = Math.max(result.longestMs, took);
    return done;
  };
  timed(() => state.begin(0));
  for (let done = false; !done; ) {
    result.recordMs = Math.max(result.recordMs, feed(RECORDS_BETWEEN));
    done = timed(() => {
      const from = cpuMs();
      return state.drain(
        ({ key, value }) => {
          result.chars += key.length + (value ?? "").length;
        },
        () => cpuMs() - from < SLICE_MS,
      );
    });
  }
  return result;
}

/** This thread's own time: whoever else is busy on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function recordsFrom(first: number, count: number, sessions: number): LogRecord[] {
  const shorts = Array.from({ length: count }, (_, offset) => {
    const index = first + offset;
    const session = index % sessions;
    return shortRecordSchema.parse({
      at: `${index + 1}ms`,
      credential: `local:agent-${Math.floor(session / SESSIONS_OF_CREDENTIAL)}`,
      session: `s${session}`,
      server: "files",
      ...(Math.floor(index / sessions) % 3 === 2
        ? { tool: "send_email", args: { to: `ben${index}@acme.example`, body: TEXT } }
        : {
            tool: "read_text_file",
            args: { path: `/srv/${index}.md` },
            result: `${index} ${TEXT.repeat(4)} ana${index}@acme.example`,
          }),
    });
  });
  return recordsOf(shorts).map(({ record, appendTime }, index): LogRecord => {
    const offset = first + index;
    const id = `${record.envelope.id.slice(0, -12)}${offset.toString(16).padStart(12, "0")}`;
    const envelope = { ...record.envelope, id, producer: { ...record.envelope.producer, seq: offset } };
    const value = new TextEncoder().encode(encodeRecord({ ...record, envelope }));
    return { topic: "bench", partition: 0, offset, appendTime, key: null, value, headers: {} };
  });
}
