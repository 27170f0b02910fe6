import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, startBroker } from "../../infra/kafka/broker.ts";
import { requirement } from "../support/requirements.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { findings } from "./harness/findings.ts";
import type { Installation } from "./harness/installation.ts";
import { startStandaloneInstallation } from "./harness/standalone-installation.ts";
import { whatHappened } from "./harness/what-happened.ts";
import { startWorkload, type Workload } from "./harness/workload.ts";

const BROKER_PORT = 24_525; // its controller takes the next
const PROXY_PORT = 24_527;
const PORT = 24_528;
const FROZEN_MS = 12_000; // longer than a group's session: members are thrown out; the soak freezes it for 30 s
const MID_BATCH_BYTES = 20_000; // inside a batch of some dozen records

/** The service reaches its broker through a proxy, which is what the broker tells clients to come to. */
describe.skipIf(requirement("kafka").missing)("nothing is lost or doubled when the broker is gone", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-broker-"));
  let broker: Broker;
  let proxy: TcpProxy;
  let installation: Installation;
  let workload: Workload;

  const start = () =>
    startBroker({
      port: BROKER_PORT,
      dataDir: join(directory, "kafka"),
      properties: { "advertised.listeners": `PLAINTEXT://127.0.0.1:${PROXY_PORT}` },
    });

  beforeAll(async () => {
    proxy = await startTcpProxy({ port: BROKER_PORT }, PROXY_PORT);
    broker = await start();
    installation = await startStandaloneInstallation({
      directory,
      port: PORT,
      broker: `127.0.0.1:${PROXY_PORT}`,
    });
    workload = await startWorkload({ installation, directory });
  }, 180_000);
  afterAll(async () => {
    broker?.thaw();
    await workload?.dispose();
    await installation?.dispose();
    await proxy?.close();
    await broker?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  it("killed with -9, and started again", { timeout: 120_000 }, async () => {
    await workload.progress(200);
    await broker.kill();
    await workload.progress(200);
    broker = await start();
    await workload.progress(200);
  });

  it("frozen: connections stay and nothing answers", { timeout: 120_000 }, async () => {
    broker.freeze();
    await delay(FROZEN_MS);
    broker.thaw();
    await workload.progress(200);
  });

  it("cut off in the middle of a batch, of an answer, and at once", { timeout: 120_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      await Promise.all([proxy.cutAfter(MID_BATCH_BYTES), workload.progress(100)]);
      await Promise.all([proxy.cutAnswerAfter(200), workload.progress(100)]);
      proxy.cut();
    }
    await workload.progress(200);
  });

  it("and then log, store, alerts and revocations hold what a run without faults gives", {
    timeout: 240_000,
  }, async () => {
    const run = await whatHappened(installation, workload);
    expect(run.accepted.chains.size).toBeGreaterThan(4);
    expect(findings(run)).toEqual([]);
  });
});
