import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, startBroker } from "../../infra/kafka/broker.ts";
import { requirement } from "../support/requirements.ts";
import { waitFor } from "../support/wait-for.ts";
import { findings } from "./harness/findings.ts";
import { type Installation, mainOf } from "./harness/installation.ts";
import { type ServiceProcess, serviceProcess } from "./harness/service-process.ts";
import { startStandaloneInstallation } from "./harness/standalone-installation.ts";
import { type StoreProcess, startStoreProcess } from "./harness/store-process.ts";
import { whatHappened } from "./harness/what-happened.ts";
import { startWorkload, type Workload } from "./harness/workload.ts";

const BROKER_PORT = 24_550; // its controller takes the next
const STORE_PORT = 24_552;
const PORT = 24_553; // and three more: the instances that come and go

interface Settings {
  revocation_keys: { id: string; public_key: string }[];
}

/** A standalone on Kafka, and detectors and archivers that join its groups, leave them, and are killed. */
describe.skipIf(requirement("kafka").missing)(
  "alerts and rows stay the same when instances come and go",
  () => {
    const directory = mkdtempSync(join(tmpdir(), "tripline-rebalance-"));
    let broker: Broker;
    let store: StoreProcess;
    let installation: Installation;
    let workload: Workload;
    const extra: ServiceProcess[] = [];

    function another(service: string, port: number, flags: readonly string[] = []): ServiceProcess {
      const log = ["--log", `kafka://${broker.address}`];
      const made = serviceProcess({
        name: `another ${service}`,
        main: mainOf(service),
        port,
        flags: [...log, ...flags],
      });
      extra.push(made);
      return made;
    }

    beforeAll(async () => {
      broker = await startBroker({ port: BROKER_PORT, dataDir: join(directory, "kafka") });
      store = await startStoreProcess({ dataDir: join(directory, "store"), port: STORE_PORT });
      installation = await startStandaloneInstallation({
        directory,
        port: PORT,
        broker: broker.address,
        store: store.url,
      });
      workload = await startWorkload({ installation, directory });
    }, 180_000);
    afterAll(async () => {
      await workload?.dispose();
      await Promise.all(extra.map((service) => service.kill()));
      await installation?.dispose();
      await store?.dispose();
      await broker?.kill();
      rmSync(directory, { recursive: true, force: true });
    });

    it("added, stopped in good order, killed, and added again", { timeout: 240_000 }, async () => {
      const key = await installation.enrol("settings", []);
      // A key made beside the service is known to it within a second.
      const settings = await waitFor(
        async () => {
          const answer = await fetch(`${installation.url}/v1/interceptor`, {
            headers: { authorization: `Bearer ${key}` },
          });
          return answer.ok ? ((await answer.json()) as Settings) : null;
        },
        { what: "the interceptors' settings" },
      );
      const keys = settings.revocation_keys.map(({ id, public_key }) => `${id}=${public_key}`).join(",");
      const archiver = another("archiver", PORT + 1, [
        "--data",
        join(directory, "data"),
        "--store",
        store.url,
        "--revocation-keys",
        keys,
      ]);
      const [first, second] = [another("detector", PORT + 2), another("detector", PORT + 3)];

      await workload.progress(200);
      await Promise.all([first.start(), archiver.start()]);
      await workload.progress(200);
      await second.start();
      await workload.progress(200);
      await first.kill();
      await workload.progress(100);
      expect(await archiver.stop(), archiver.output()).toBe(0);
      await first.start();
      await workload.progress(200);
      await archiver.start();
      await workload.progress(100);
      await archiver.kill();
      expect(await second.stop(), second.output()).toBe(0);
      await workload.progress(200);
    });

    it("and log, store, alerts and revocations hold what a run without faults gives", {
      timeout: 240_000,
    }, async () => {
      const run = await whatHappened(installation, workload);
      expect(run.accepted.chains.size).toBeGreaterThan(4);
      expect(findings(run)).toEqual([]);
    });
  },
);
