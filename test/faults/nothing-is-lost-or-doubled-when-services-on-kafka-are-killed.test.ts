import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, startBroker } from "../../infra/kafka/broker.ts";
import { requirement } from "../support/requirements.ts";
import { waitFor } from "../support/wait-for.ts";
import { startServicesApart } from "./harness/apart-installation.ts";
import { findings } from "./harness/findings.ts";
import type { Installation } from "./harness/installation.ts";
import { faultPlan } from "./harness/plan.ts";
import { type StoreProcess, startStoreProcess } from "./harness/store-process.ts";
import { whatHappened } from "./harness/what-happened.ts";
import { startWorkload, type Workload } from "./harness/workload.ts";

const BROKER_PORT = 24_510;
const STORE_PORT = 24_512;
const PORT = 24_513; // and six more: the services
const SEED = Number(process.env.TRIPLINE_SEED ?? 20_261_121);
/** Each once, in an order that the seed decides. */
const VICTIMS = [
  "collector",
  "responder",
  "console",
  "detector-1",
  "detector-2",
  "archiver-1",
  "store",
  "caller",
];

describe.skipIf(requirement("kafka").missing)(
  `nothing is lost or doubled when services on Kafka are killed (TRIPLINE_SEED=${SEED})`,
  () => {
    const directory = mkdtempSync(join(tmpdir(), "tripline-apart-"));
    let broker: Broker;
    let store: StoreProcess;
    let installation: Installation;
    let workload: Workload;

    beforeAll(async () => {
      broker = await startBroker({ port: BROKER_PORT, dataDir: join(directory, "kafka") });
      store = await startStoreProcess({ dataDir: join(directory, "store"), port: STORE_PORT });
      installation = await startServicesApart({
        directory,
        port: PORT,
        broker: broker.address,
        store: store.url,
        detectors: 2,
      });
      workload = await startWorkload({ installation, directory });
    }, 240_000);
    afterAll(async () => {
      await workload?.dispose();
      await installation?.dispose();
      await store?.dispose();
      await broker?.kill();
      rmSync(directory, { recursive: true, force: true });
    });

    it("each of them at a random moment, and the store in the middle of an insert", {
      timeout: 300_000,
    }, async () => {
      const plan = faultPlan({ seed: SEED, kinds: VICTIMS, accepts: { fewest: 20, most: 300 } });
      for (let n = 0; n < VICTIMS.length; n++) {
        const { value: fault } = plan.next();
        if (fault === undefined) throw new Error("the plan ended");
        await workload.progress(fault.accepts);
        if (fault.fault === "caller") await workload.kill(Math.floor(fault.choice * workload.size));
        else if (fault.fault === "store") {
          await duringAnInsert();
          await store.kill();
          await workload.progress(50);
          await store.start();
        } else {
          const service = installation.services.get(fault.fault);
          await service?.kill();
          await workload.progress(50); // without it
          await service?.start();
        }
      }
      const run = await whatHappened(installation, workload);
      expect(run.accepted.chains.size).toBeGreaterThan(4);
      expect(findings(run)).toEqual([]);
    });

    /** Resolves while rows are on their way into the store. */
    async function duringAnInsert(): Promise<void> {
      await waitFor(() => store.door.underWay > 0, { what: "an insert to be under way" });
    }
  },
);
