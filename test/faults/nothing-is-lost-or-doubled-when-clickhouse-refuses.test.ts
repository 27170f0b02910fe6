import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../support/wait-for.ts";
import { findings } from "./harness/findings.ts";
import type { Installation } from "./harness/installation.ts";
import type { DoorMode } from "./harness/refusing-store.ts";
import { startStandaloneInstallation } from "./harness/standalone-installation.ts";
import { type StoreProcess, startStoreProcess } from "./harness/store-process.ts";
import { whatHappened } from "./harness/what-happened.ts";
import { startWorkload, type Workload } from "./harness/workload.ts";

const STORE_PORT = 24_535;
const PORT = 24_536;
const REFUSALS: DoorMode[] = ["read_only", "too_many_parts", "memory", "loses_answers"];

/** ClickHouse's interface in a process of its own, behind a door that refuses or swallows inserts. */
describe("nothing is lost or doubled when ClickHouse refuses", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-refusing-"));
  let store: StoreProcess;
  let installation: Installation;
  let workload: Workload;

  beforeAll(async () => {
    store = await startStoreProcess({ dataDir: join(directory, "store"), port: STORE_PORT });
    installation = await startStandaloneInstallation({ directory, port: PORT, store: store.url });
    workload = await startWorkload({ installation, directory });
  }, 120_000);
  afterAll(async () => {
    await workload?.dispose();
    await installation?.dispose();
    await store?.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  for (const mode of REFUSALS) {
    it(`inserts end with ${mode.replaceAll("_", " ")}`, { timeout: 60_000 }, async () => {
      await workload.progress(100);
      const before = store.door.refused;
      store.door.mode = mode;
      await waitFor(() => store.door.refused > before + 1, { what: "a second try", timeoutMs: 30_000 });
      await workload.progress(100);
      store.door.mode = "open";
    });
  }

  it("its process is killed in the middle of an insert", { timeout: 120_000 }, async () => {
    await workload.progress(100);
    await waitFor(() => store.door.underWay > 0, { what: "an insert to be under way" });
    await store.kill();
    await workload.progress(100);
    await store.start();
    await workload.progress(100);
  });

  it("says so in its health, and the service goes on answering", { timeout: 60_000 }, async () => {
    store.door.mode = "read_only";
    const unwell = await waitFor(
      async () => {
        const health = JSON.stringify(await (await installation.request("/health")).json());
        return health.includes("degraded") ? health : null;
      },
      { what: "the archiver to say that it waits", timeoutMs: 30_000 },
    );
    expect(unwell).toMatch(/archiver/);
    expect((await installation.request("/api/overview")).status).toBe(200);
    store.door.mode = "open";
  });

  it("and then log, store, alerts and revocations hold what a run without faults gives", {
    timeout: 240_000,
  }, async () => {
    const run = await whatHappened(installation, workload);
    expect(run.accepted.chains.size).toBeGreaterThan(2);
    expect(findings(run)).toEqual([]);
  });
});
