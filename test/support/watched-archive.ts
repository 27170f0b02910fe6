import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createArchiver } from "@tripline/archiver";
import { TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import { createContext, type Part } from "@tripline/service";
import { type AlertRow, type Gap, openStore, type Store, type StoreReader } from "@tripline/store";
import { createMemoryLog, type MemoryLog } from "@tripline/stream";
import { waitFor } from "./wait-for.ts";

/** An archiver over a log in memory that looks every few milliseconds at what it stored. */
export interface WatchedArchive {
  log: MemoryLog;
  directory: string;
  storeDirectory: string;
  reader(tenant?: string): StoreReader;
  gaps(): Promise<Gap[]>;
  alerts(): Promise<AlertRow[]>;
  /** Resolves when all that is in the log has been archived, and looked at some times since. */
  settled(): Promise<void>;
  /** Stops the archiver, runs `meanwhile` with the store closed, and starts both again. */
  restarted(meanwhile?: () => Promise<void> | void): Promise<void>;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 100;
const GRACE_MS = 200;
const LOOKS = 12;
const PATIENCE_MS = 60_000; // on a busy machine

export async function startWatchedArchive(
  options: { partitions?: number; silentAfterMs?: number } = {},
): Promise<WatchedArchive> {
  const directory = mkdtempSync(join(tmpdir(), "tripline-watched-"));
  const storeDirectory = join(directory, "store");
  const context = createContext({ service: "test", logLevel: "silent" });
  const log = createMemoryLog();
  await log.ensureTopics(
    Object.values(TOPICS).map((name) => ({
      name,
      partitions: options.partitions ?? 1,
      cleanup: TOPIC_CLEANUP[name],
    })),
  );
  let store: Store;
  let archiver: Part;
  let looks = 0;
  const offsets = log.offsets.bind(log);
  log.offsets = (topic) => {
    if (topic === TOPICS.events) looks += 1;
    return offsets(topic);
  };

  async function start(): Promise<void> {
    store = await openStore({ dataDir: storeDirectory });
    archiver = createArchiver({
      ledger: null,
      log,
      store,
      context,
      revocationKeys: () => [],
      times: {
        examination: {
          lookEveryMs: LOOK_EVERY_MS,
          graceMs: GRACE_MS,
          silentAfterMs: options.silentAfterMs ?? 3_600_000,
          revisitEveryMs: 150,
          countShare: 1,
          hashShare: 1,
        },
        closing: { lookEveryMs: LOOK_EVERY_MS, graceMs: GRACE_MS, share: 1 },
      },
    });
    await archiver.start();
  }

  async function stop(): Promise<void> {
    await archiver.stop();
    await store.close();
  }

  await start();
  const reader = (tenant = "acme") => store.reader({ tenant, payloads: true });
  return {
    log,
    directory,
    storeDirectory,
    reader,
    async gaps() {
      const found: Gap[] = [];
      let cursor: string | undefined;
      const now = Date.now();
      const range = {
        since: new Date(now - 24 * 3_600_000).toISOString(),
        until: new Date(now + 3 * 3_600_000).toISOString(),
      };
      do {
        const page = await reader().gaps({ ...range, hashes: true, nowMs: now, cursor });
        found.push(...page.gaps);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      return found;
    },
    alerts: async () => (await reader().alerts({}, { limit: 500 })).rows,
    async settled() {
      const ends = await offsets(TOPICS.events);
      await waitFor(
        async () => {
          const committed = await log.committed(TOPICS.events, "archiver-events");
          return ends.every(({ partition, next }) => (committed.get(partition)?.offset ?? 0) >= next);
        },
        { timeoutMs: PATIENCE_MS, what: "the archiver" },
      );
      const looked = looks;
      await waitFor(() => looks >= looked + LOOKS, { timeoutMs: PATIENCE_MS, what: "looks of the archiver" });
    },
    async restarted(meanwhile = () => undefined) {
      await stop();
      await meanwhile();
      await start();
    },
    async close() {
      await stop();
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
