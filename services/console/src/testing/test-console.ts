import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Envelope, parseRecord, TOPICS, type TriplineRecord } from "@tripline/events";
import {
  AccessRegistry,
  createContext,
  createHttpServer,
  createRecordProducer,
  createRedactionKeys,
  type HttpApp,
  type Role,
} from "@tripline/service";
import { createMemoryLog, triplineTopics } from "@tripline/stream";
import { createConsole } from "../console.ts";
import { fakeStore } from "./fake-store.ts";
import type { SampleTenant } from "./sample-data.ts";

export interface TestConsole {
  app: HttpApp;
  url(): string;
  /** A token of a person of this tenant with just these roles. */
  token(tenant: string, roles: readonly Role[]): Promise<string>;
  /** A producer's key of this tenant. */
  producerKey(tenant: string): Promise<string>;
  /** The access records written since the last look. */
  readings(): Promise<NonNullable<Envelope["access"]>[]>;
  /** The records that the console has written into the events topic by itself. */
  events(): Promise<TriplineRecord[]>;
  /** All that the service said about itself, down to `trace`. */
  ownLog(): string;
  /** From now on the log takes nothing, or takes records again. */
  breakLog(broken: boolean): void;
  close(): Promise<void>;
}

const TEST_PORT = 20_800;

/** The console on a real server, with real access and a real record producer, over a store in memory. */
export async function startTestConsole(
  tenants: ReadonlyMap<string, SampleTenant>,
  options: { port?: number } = {},
): Promise<TestConsole> {
  const directory = await mkdtemp(join(tmpdir(), "tripline-console-"));
  const lines: string[] = [];
  const context = createContext({
    service: "test",
    logLevel: "trace",
    sink: { write: (line) => lines.push(line) },
  });
  const access = await AccessRegistry.open({
    path: join(directory, "access.json"),
    logger: context.logger,
    now: context.now,
  });
  const written: Uint8Array[] = [];
  let broken = false;
  const recordProducer = createRecordProducer({
    log: {
      produce: async (_topic, records) => {
        if (broken) throw new Error("the log is away");
        written.push(...records.map((record) => record.value));
      },
    },
    producerId: "console",
    context,
    heartbeatMs: 3_600_000,
  });
  const server = createHttpServer({
    context,
    host: "127.0.0.1",
    port: options.port ?? TEST_PORT,
    publicHosts: [],
    allowedOrigins: [],
  });
  const log = createMemoryLog();
  await log.ensureTopics(triplineTopics(1));
  const { part, routes } = createConsole({
    store: fakeStore(tenants),
    log,
    access,
    recordProducer,
    secrets: createRedactionKeys({ directory: join(directory, "keys"), now: context.now }),
    context,
  });
  await server.app.register(routes);
  await recordProducer.part.start();
  await part.start();
  await server.app.ready();
  let people = 0;

  return {
    app: server.app,
    url: server.url,
    token: async (tenant, roles) => {
      people += 1;
      return (await access.createPerson({ id: `person-${people}`, tenant, roles })).token;
    },
    producerKey: async (tenant) => {
      people += 1;
      return (await access.createProducer({ id: `producer-${people}`, tenant, issuers: ["local"] })).token;
    },
    readings: async () =>
      written
        .splice(0)
        .map((value) => parseRecord(new TextDecoder().decode(value)).envelope.access)
        .filter((entry) => entry !== undefined),
    async events() {
      const found: TriplineRecord[] = [];
      const to = (await log.offsets(TOPICS.events))[0]?.next ?? 0;
      await log.scan({ topic: TOPICS.events, partition: 0, from: 0, to }, async (records) => {
        for (const { value } of records)
          found.push(parseRecord(new TextDecoder().decode(value ?? undefined)));
      });
      return found;
    },
    ownLog: () => lines.join(""),
    breakLog: (now) => {
      broken = now;
    },
    close: async () => {
      await part.stop();
      await server.app.close();
      await recordProducer.part.stop();
      access.close();
      await context.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
