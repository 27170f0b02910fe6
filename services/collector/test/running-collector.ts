import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import {
  AccessRegistry,
  bootstrapAccess,
  createContext,
  createHttpServer,
  createRecordProducer,
  createRedactionKeys,
  type NewProducer,
  type Part,
} from "@tripline/service";
import { createMemoryLog, type Log, type LogRecord } from "@tripline/stream";
import { createCollector, openInterceptorPolicy } from "../src/index.ts";

export interface RunningCollector {
  url: string;
  log: Log;
  administrator: string;
  /** enrols a producer of the tenant `acme` and answers its key */
  enrol(producer: Partial<NewProducer> & { id: string }): Promise<string>;
  access: AccessRegistry;
  /** where `interceptors.yaml` is looked for */
  directory: string;
  policy: Part;
  post(key: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  /** all records on the events topic, parsed */
  events(): Promise<{ record: LogRecord; json: { envelope: Record<string, unknown>; payload?: unknown } }[]>;
  /** sum of a metric's values */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** A collector behind real HTTP on a free port, over a log in memory. `wrap` puts something between the two. */
export async function startCollector(
  options: { wrap?: (log: Log) => Pick<Log, "produce" | "readTable" | "follow">; log?: Log } = {},
): Promise<RunningCollector> {
  const directory = await mkdtemp(join(tmpdir(), "tripline-collector-"));
  const context = createContext({ service: "collector", logLevel: "silent" });
  const log = options.log ?? createMemoryLog();
  await log.ensureTopics([
    { name: TOPICS.events, partitions: 1, cleanup: TOPIC_CLEANUP[TOPICS.events] },
    { name: TOPICS.revocations, partitions: 1, cleanup: TOPIC_CLEANUP[TOPICS.revocations] },
    { name: TOPICS.verdicts, partitions: 1, cleanup: TOPIC_CLEANUP[TOPICS.verdicts] },
  ]);
  const access = await AccessRegistry.open({
    path: join(directory, "access.json"),
    logger: context.logger,
    now: context.now,
  });
  const tokens = await bootstrapAccess(access, { tenant: "acme" });
  const records = createRecordProducer({ log, producerId: "collector", context });
  const interceptors = await openInterceptorPolicy(join(directory, "interceptors.yaml"), context);
  const collector = createCollector({
    log: options.wrap?.(log) ?? log,
    access,
    secrets: createRedactionKeys({ directory: join(directory, "keys"), now: context.now }),
    context,
    records,
    revocationKeys: () => [{ id: "r1", public_key: "public" }],
    verdictKeys: () => [{ id: "d1", public_key: "public" }],
    policy: interceptors.policy,
  });
  const http = createHttpServer({ context, host: "127.0.0.1", port: 0, publicHosts: [], allowedOrigins: [] });
  await http.app.register(collector.routes);
  const parts = [http.part, records.part, interceptors.part, collector.part];
  for (const part of parts) await part.start();
  const url = http.url();

  return {
    url,
    log,
    access,
    directory,
    policy: interceptors.part,
    administrator: tokens?.administrator_token ?? "",
    enrol: async (producer) =>
      (await access.createProducer({ tenant: "acme", issuers: ["local"], ...producer })).token,
    post: (key, body, headers) =>
      fetch(`${url}/v1/records`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson", ...headers },
        body,
      }),
    events: () => readEvents(log),
    metric: async (name) => {
      const found = await context.metrics.getSingleMetric(name)?.get();
      return (found?.values ?? []).reduce((sum, { value }) => sum + value, 0);
    },
    stop: async () => {
      for (const part of parts.reverse()) await part.stop();
      access.close();
      await log.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function readEvents(log: Log) {
  const [range] = await log.offsets(TOPICS.events);
  const found: LogRecord[] = [];
  const wanted = (range?.next ?? 0) - (range?.earliest ?? 0);
  if (wanted === 0) return [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const consumer = await log.consume({
    topic: TOPICS.events,
    group: crypto.randomUUID(),
    onAssigned: async () => ({
      startAt: 0,
      onBatch: async (records) => {
        found.push(...records);
        if (found.length >= wanted) resolve();
      },
    }),
  });
  await promise;
  await consumer.close();
  return found.map((record) => ({ record, json: JSON.parse(Buffer.from(record.value ?? []).toString()) }));
}
