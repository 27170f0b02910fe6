import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import { type PublicKey, verifyRevocation } from "@tripline/response";
import {
  AccessRegistry,
  createContext,
  createHttpServer,
  createRecordProducer,
  createRedactionKeys,
  type Role,
} from "@tripline/service";
import type { Store } from "@tripline/store";
import { createMemoryLog, type Log } from "@tripline/stream";
import { run } from "../../packages/cli/src/program.ts";
import type { Database } from "../../packages/store/src/connection/database.ts";
import { openEmbedded } from "../../packages/store/src/connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY, engineUsers } from "../../packages/store/src/connection/embedded/engine-config.ts";
import { createStore } from "../../packages/store/src/open-store.ts";
import { migrate } from "../../packages/store/src/schema/migrate.ts";
import { createArchiver } from "../../services/archiver/src/archiver.ts";
import { createConsole } from "../../services/console/src/console.ts";
import { waitFor } from "./wait-for.ts";

export interface CommandEnded {
  code: number;
  out: string;
  err: string;
}

/** A log, a store, an archiver that can be stopped and started, and a console that the command asks. */
export interface RepairWorld {
  log: Log;
  store: Store;
  /** Runs a statement in the database, behind the store's back. */
  alter(statement: string): Promise<void>;
  /** Archives what is in the log now, with these keys for revocations, and stops. */
  archiveAll(keys?: readonly PublicKey[]): Promise<void>;
  token(tenant: string, roles: readonly Role[]): Promise<string>;
  /** Runs `tripline …` against the console. */
  tripline(token: string, ...line: string[]): Promise<CommandEnded>;
  close(): Promise<void>;
}

export interface RepairWorldOptions {
  port: number;
  partitions?: number;
  /** Default: a new one in memory. Its topics are made. */
  log?: Log;
  /** Default: a new one, which goes with the world. */
  storeDir?: string;
  /** What the console checks revocations with. */
  keys?: readonly PublicKey[];
}

const ARCHIVED = [TOPICS.events, TOPICS.alerts, TOPICS.incidents, TOPICS.revocations, TOPICS.deadLetters];

export async function openRepairWorld(options: RepairWorldOptions): Promise<RepairWorld> {
  const { port, partitions = 1, log = createMemoryLog(), keys = [] } = options;
  const directory = mkdtempSync(join(tmpdir(), "tripline-repair-"));
  const context = createContext({ service: "test", logLevel: "silent" });
  await log.ensureTopics(
    Object.values(TOPICS).map((name) => ({ name, partitions, cleanup: TOPIC_CLEANUP[name] })),
  );
  const database = await openAlterable(options.storeDir ?? join(directory, "store"));
  await migrate(database);
  const store = createStore(database);
  const access = await AccessRegistry.open({
    path: join(directory, "access.json"),
    logger: context.logger,
    now: context.now,
  });
  const recordProducer = createRecordProducer({
    log,
    producerId: "console",
    context,
    heartbeatMs: 3_600_000,
  });
  const server = createHttpServer({
    context,
    host: "127.0.0.1",
    port,
    publicHosts: [],
    allowedOrigins: [],
  });
  const people = createConsole({
    store,
    log,
    access,
    recordProducer,
    secrets: createRedactionKeys({ directory: join(directory, "keys"), now: context.now }),
    context,
    checkSignature: (entry) => verifyRevocation(entry, keys),
  });
  await server.app.register(people.routes);
  await recordProducer.part.start();
  await people.part.start();
  await server.app.listen({ host: "127.0.0.1", port });
  let persons = 0;

  async function isArchived(): Promise<boolean> {
    for (const topic of ARCHIVED) {
      const committed = await log.committed(topic, `archiver-${topic.replace("tripline.", "")}`);
      for (const { partition, next } of await log.offsets(topic)) {
        const at = committed.get(partition);
        if (next > 0 && (at?.offset !== next || at.metadata !== "")) return false;
      }
    }
    return true;
  }

  return {
    log,
    store,
    alter: (statement) => database.command(statement),
    async archiveAll(revocationKeys = keys) {
      const archiver = createArchiver({
        log,
        store,
        context,
        revocationKeys: () => revocationKeys,
        ledger: null,
      });
      await archiver.start();
      await waitFor(isArchived, { what: "everything to be archived", timeoutMs: 30_000 });
      await archiver.stop();
    },
    token: async (tenant, roles) => {
      persons += 1;
      return (await access.createPerson({ id: `person-${persons}`, tenant, roles })).token;
    },
    async tripline(token, ...line) {
      const ended: CommandEnded = { code: 0, out: "", err: "" };
      ended.code = await run(line, {
        out: (text) => {
          ended.out += text;
        },
        err: (text) => {
          ended.err += text;
        },
        env: { TRIPLINE_URL: server.url(), TRIPLINE_TOKEN: token },
        home: directory,
        now: () => new Date(),
        width: null,
        signal: new AbortController().signal,
      });
      return ended;
    },
    async close() {
      await people.part.stop();
      server.app.server.closeAllConnections(); // one that was opened and not used would be waited for
      await server.app.close();
      await recordProducer.part.stop();
      access.close();
      await store.close();
      await log.close();
      await context.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The database with an administrator's rights, which the engine's own user does not have. */
async function openAlterable(storeDir: string): Promise<Database> {
  const opening = openEmbedded(storeDir, DEFAULT_MEMORY);
  // The file is written by now, and read once the engine is loaded.
  const users = engineUsers().replace(
    /<grants>.*<\/grants>/s,
    "<grants><query>GRANT ALL ON *.*</query></grants>",
  );
  writeFileSync(join(storeDir, "engine-users.xml"), users);
  return await opening;
}
