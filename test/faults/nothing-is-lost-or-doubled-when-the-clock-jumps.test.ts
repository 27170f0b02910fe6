import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findings } from "./harness/findings.ts";
import type { Installation } from "./harness/installation.ts";
import { STANDALONE, startStandaloneInstallation } from "./harness/standalone-installation.ts";
import { whatHappened } from "./harness/what-happened.ts";
import { startWorkload, type Workload } from "./harness/workload.ts";

const PORT = 24_540;
const HOUR_MS = 3_600_000;
const CLOCK = new URL("../support/moved-clock.ts", import.meta.url).pathname;
const SEEN_MS = 300; // the preloaded clock looks for its offset every 100 ms

/** The service's clock is set forward and back under load; its producers keep the true time. */
describe("nothing is lost or doubled when the clock jumps by an hour", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-clock-"));
  const offset = join(directory, "offset");
  let installation: Installation;
  let workload: Workload;

  const setClock = async (ms: number): Promise<void> => {
    writeFileSync(offset, String(ms));
    await delay(SEEN_MS);
  };

  beforeAll(async () => {
    writeFileSync(offset, "0");
    installation = await startStandaloneInstallation({
      directory,
      port: PORT,
      env: { NODE_OPTIONS: `--import=${CLOCK}`, CLOCK_OFFSET_FILE: offset },
    });
    workload = await startWorkload({ installation, directory });
  }, 120_000);
  afterAll(async () => {
    await workload?.dispose();
    await installation?.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  it("forward, back, and back behind where it began, with a kill -9 in between", {
    timeout: 120_000,
  }, async () => {
    await workload.progress(200);
    for (const ms of [HOUR_MS, 0, -HOUR_MS, 0]) {
      await setClock(ms);
      await workload.progress(200);
    }
    await setClock(HOUR_MS);
    await workload.progress(100);
    const service = installation.services.get(STANDALONE);
    await service?.kill();
    await setClock(-HOUR_MS); // what was written last lies two hours ahead
    await service?.start();
    await workload.progress(200);
    await setClock(0);
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
