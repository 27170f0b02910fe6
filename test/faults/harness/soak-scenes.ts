import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { TOPICS } from "@tripline/events";
import { startBroker } from "../../../infra/kafka/broker.ts";
import { mountSmallDisk } from "../../support/small-disk.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { startServicesApart } from "./apart-installation.ts";
import type { Installation } from "./installation.ts";
import type { DoorMode } from "./refusing-store.ts";
import { STANDALONE, startStandaloneInstallation } from "./standalone-installation.ts";
import { startStoreProcess } from "./store-process.ts";
import type { Workload } from "./workload.ts";

const PORT = 24_600; // and some twenty more
const FROZEN_MS = 30_000;
const REFUSED_MS = 5_000;
const AWAY_ACCEPTS = 100; // what callers do while something is away
const HOUR_MS = 3_600_000;
const MOVED_MS = 5_000;
const MID_BATCH_BYTES = 4_000;
const DISK_MIB = 2_048; // the log keeps 256 in reserve
const CLOCK = new URL("../../support/moved-clock.ts", import.meta.url).pathname;
const REFUSALS: readonly DoorMode[] = ["read_only", "too_many_parts", "memory", "hangs", "loses_answers"];

/** What is broken in a soak, and how. A fault resolves with how many processes it killed, when everything is up again. */
export interface Scene {
  installation: Installation;
  faults: Record<string, (choice: number, workload: Workload) => Promise<number>>;
  /** Whether poison was put into the log: then, and only then, there may be dead letters. */
  isPoisoned(): boolean;
  dispose(): Promise<void>;
}

/** One process, embedded log, a store behind a door, a proxy before it, its own clock and, where it may be mounted, disk. */
export async function embeddedScene(directory: string): Promise<Scene> {
  const disk = mountSmallDisk(DISK_MIB);
  if (disk === null) console.log("without the full disk: this process may not mount one");
  const offset = join(directory, "offset");
  writeFileSync(offset, "0");
  const proxy = await startTcpProxy({ port: PORT }, PORT + 1);
  const store = await startStoreProcess({ dataDir: join(directory, "store"), port: PORT + 2 });
  const installation = await startStandaloneInstallation({
    directory: disk?.path ?? directory,
    port: PORT,
    url: `http://127.0.0.1:${PORT + 1}`,
    store: store.url,
    env: { NODE_OPTIONS: `--import=${CLOCK}`, CLOCK_OFFSET_FILE: offset },
  });
  const restart = async (workload: Workload, choice: number): Promise<number> => {
    const service = installation.services.get(STANDALONE);
    await service?.kill();
    await workload.progress(Math.floor(choice * AWAY_ACCEPTS) + 1);
    await service?.start();
    return 1;
  };
  return {
    installation,
    faults: {
      "the service is killed": (choice, workload) => restart(workload, choice),
      "the service is killed again": (choice, workload) => restart(workload, choice),
      ...storeFaults(store),
      "connections are cut": async (choice, workload) => {
        await Promise.all([proxy.cutAfter(Math.floor(choice * MID_BATCH_BYTES)), workload.progress(50)]);
        await Promise.all([proxy.cutAnswerAfter(40), workload.progress(50)]);
        proxy.cut();
        return 0;
      },
      "the clock jumps": async (choice) => {
        for (const ms of choice < 0.5 ? [HOUR_MS, 0] : [-HOUR_MS, 0]) {
          writeFileSync(offset, String(ms));
          await delay(MOVED_MS);
        }
        return 0;
      },
      ...(disk === null
        ? {}
        : {
            "the disk is full": async (choice: number, workload: Workload) => {
              disk.leave(Math.floor(choice * 250));
              await workload.progress(AWAY_ACCEPTS);
              disk.clear();
              const service = installation.services.get(STANDALONE);
              if (service?.running() !== true) await service?.start();
              return 0;
            },
          }),
    },
    isPoisoned: () => false,
    async dispose() {
      await installation.dispose();
      await store.dispose();
      await proxy.close();
      disk?.remove();
    },
  };
}

/** Each service alone on Kafka, two detectors and two archivers, the broker behind a proxy, the store behind a door. */
export async function kafkaScene(directory: string): Promise<Scene> {
  const [brokerPort, proxyPort, storePort, servicesPort] = [PORT, PORT + 2, PORT + 3, PORT + 4];
  const proxy = await startTcpProxy({ port: brokerPort }, proxyPort);
  const start = () =>
    startBroker({
      port: brokerPort,
      dataDir: join(directory, "kafka"),
      properties: { "advertised.listeners": `PLAINTEXT://127.0.0.1:${proxyPort}` },
    });
  let broker = await start();
  const store = await startStoreProcess({ dataDir: join(directory, "store"), port: storePort });
  const installation = await startServicesApart({
    directory,
    port: servicesPort,
    broker: `127.0.0.1:${proxyPort}`,
    store: store.url,
    detectors: 2,
    archivers: 2,
  });
  let isPoisoned = false;
  const kills = Object.fromEntries(
    [...installation.services].map(([name, service]) => [
      `${name} is killed`,
      async (choice: number, workload: Workload) => {
        await service.kill();
        await workload.progress(Math.floor(choice * AWAY_ACCEPTS) + 1);
        await service.start();
        return 1;
      },
    ]),
  );
  return {
    installation,
    faults: {
      ...kills,
      ...storeFaults(store),
      "the broker is killed": async (choice, workload) => {
        await broker.kill();
        await workload.progress(Math.floor(choice * AWAY_ACCEPTS) + 1);
        broker = await start();
        return 1;
      },
      "the broker is frozen": async () => {
        broker.freeze();
        await delay(FROZEN_MS);
        broker.thaw();
        return 0;
      },
      "connections to the broker are cut": async (choice, workload) => {
        await Promise.all([proxy.cutAfter(Math.floor(choice * MID_BATCH_BYTES)), workload.progress(50)]);
        proxy.cut();
        return 0;
      },
      "instances come and go": async (choice, workload) => {
        const service = installation.services.get(choice < 0.5 ? "detector-2" : "archiver-2");
        await service?.stop();
        await workload.progress(AWAY_ACCEPTS);
        await service?.start();
        return 0;
      },
      "poison is in the stream": async (choice) => {
        const values = ["not json", '{"envelope":{"v":1}}', "[".repeat(50_000), "\u0000"];
        const value = values[Math.floor(choice * values.length)] ?? "";
        await installation.withLog((log) =>
          log.produce(TOPICS.events, [{ key: "acme/local:caller-0-worker-0", value: Buffer.from(value) }]),
        );
        isPoisoned = true;
        return 0;
      },
    },
    isPoisoned: () => isPoisoned,
    async dispose() {
      broker.thaw();
      await installation.dispose();
      await store.dispose();
      await broker.kill();
      await proxy.close();
    },
  };
}

function storeFaults(store: Awaited<ReturnType<typeof startStoreProcess>>): Scene["faults"] {
  return {
    "the store's process is killed": async (_choice, workload) => {
      await store.kill();
      await workload.progress(AWAY_ACCEPTS);
      await store.start();
      return 1;
    },
    "the store refuses": async (choice, workload) => {
      store.door.mode = REFUSALS[Math.floor(choice * REFUSALS.length)] ?? "read_only";
      await Promise.all([delay(REFUSED_MS), workload.progress(AWAY_ACCEPTS)]);
      store.door.mode = "open";
      return 0;
    },
  };
}
