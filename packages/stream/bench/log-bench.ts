import { type Figure, quantile } from "../../../bench/result.ts";
import type { Log } from "../src/index.ts";

const RECORD_BYTES = 1024;
const RECORDS_IN_A_CALL = 100; // a collector request of a busy producer
const CALLS_IN_FLIGHT = 20;

/** What one log can carry: records of 1 KB in one partition, two groups that read all of them. */
export async function benchLog(
  log: Log,
  options: { records: number; latencyRecords: number },
): Promise<Figure[]> {
  const topic = `bench-${process.pid}-${Date.now()}`;
  await log.ensureTopics([{ name: topic, partitions: 1, cleanup: "delete" }]);
  const readers = await Promise.all(["one", "two"].map((group) => counting(log, topic, group)));

  const total = Math.ceil(options.records / RECORDS_IN_A_CALL) * RECORDS_IN_A_CALL;
  const value = Buffer.alloc(RECORD_BYTES, "x");
  const call = Array.from({ length: RECORDS_IN_A_CALL }, (_, i) => ({
    key: `acme/local:agent-${i}`,
    value,
    headers: { ce_specversion: "1.0", ce_type: "tripline.call", ce_source: "/tripline/acme/gw-1" },
  }));
  await readers[0]?.reached(0);
  const started = performance.now();
  let left = total / RECORDS_IN_A_CALL;
  await Promise.all(
    Array.from({ length: CALLS_IN_FLIGHT }, async () => {
      while (left-- > 0) await log.produce(topic, call);
    }),
  );
  const produced = performance.now() - started;
  for (const reader of readers) await reader.reached(total);
  const read = performance.now() - started;

  const latencies: number[] = [];
  const durables: number[] = [];
  for (let i = 1; i <= options.latencyRecords; i++) {
    const sent = performance.now();
    const arrived = readers[0]?.reached(total + i);
    await log.produce(topic, call.slice(0, 1));
    durables.push(performance.now() - sent);
    latencies.push(((await arrived) ?? 0) - sent);
  }
  for (const reader of readers) await reader.close();
  const goal = log.generation.startsWith("embedded")
    ? { rate: { at_least: 20_000 }, latency: { at_most: 5 } }
    : null;
  return [
    {
      name: "1 KB records until two groups have read them",
      value: Math.round((total / read) * 1000),
      unit: "records/s",
      ...(goal === null ? {} : { goal: goal.rate }),
    },
    { name: "1 KB records until durable", value: Math.round((total / produced) * 1000), unit: "records/s" },
    {
      name: "produce → onBatch, p50",
      value: quantile(latencies, 0.5),
      unit: "ms",
      ...(goal === null ? {} : { goal: goal.latency }),
    },
    { name: "produce → onBatch, p99", value: quantile(latencies, 0.99), unit: "ms" },
    { name: "produce → durable, p50", value: quantile(durables, 0.5), unit: "ms" },
    { name: "produce → durable, p99", value: quantile(durables, 0.99), unit: "ms" },
  ];
}

/** A group that counts; `reached` resolves with the time at which it had read so many. */
async function counting(log: Log, topic: string, group: string) {
  let count = 0;
  let waiting: { goal: number; resolve(at: number): void } | null = null;
  const ready = Promise.withResolvers<void>();
  const consumer = await log.consume({
    topic,
    group: `${topic}-${group}`,
    onAssigned: async () => {
      ready.resolve();
      return {
        onBatch: async (records) => {
          count += records.length;
          if (waiting !== null && count >= waiting.goal) waiting.resolve(performance.now());
        },
      };
    },
  });
  await ready.promise;
  return {
    reached: (goal: number) =>
      new Promise<number>((resolve) => {
        waiting = { goal, resolve };
        if (count >= goal) resolve(performance.now());
      }),
    close: () => consumer.close(),
  };
}
