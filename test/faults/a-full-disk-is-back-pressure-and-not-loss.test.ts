import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mountSmallDisk } from "../support/small-disk.ts";
import { waitFor } from "../support/wait-for.ts";
import { findings } from "./harness/findings.ts";
import type { Installation } from "./harness/installation.ts";
import { STANDALONE, startStandaloneInstallation } from "./harness/standalone-installation.ts";
import { whatHappened } from "./harness/what-happened.ts";
import { startWorkload, type Workload } from "./harness/workload.ts";

const PORT = 24_560;
const DISK_MIB = 480;
const BELOW_RESERVE_MIB = 200; // the log keeps 256 MiB in reserve: producers are refused, all else goes on
const FULL_TIMES = 20; // a merge is hit about one time in ten
const PAST_NOTICING = 7_200; // accepts, at 240 a second (intents and calls): three times as long as a damaged part goes unnoticed

const disk = mountSmallDisk(DISK_MIB);
if (disk === null && process.env.TRIPLINE_REQUIRE_ALL === "1")
  throw new Error("a small disk is required here, and this process may not mount one");
if (disk === null) console.warn("skipping the full disk: this process may not mount one");

/** The service's data on a disk that fills up; the callers' spools are elsewhere. */
describe.skipIf(disk === null)("a full disk is back-pressure and not loss", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-full-"));
  let installation: Installation;
  let workload: Workload;

  beforeAll(async () => {
    installation = await startStandaloneInstallation({ directory: disk?.path ?? "", port: PORT });
    workload = await startWorkload({ installation, directory });
  }, 120_000);
  afterAll(async () => {
    await workload?.dispose();
    await installation?.dispose();
    disk?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  it("below the log's reserve: records wait in the spools, people are answered", {
    timeout: 120_000,
  }, async () => {
    await workload.progress(200);
    disk?.leave(BELOW_RESERVE_MIB);
    await workload.progress(300);
    expect(installation.services.get(STANDALONE)?.running()).toBe(true);
    expect((await installation.request("/api/calls?limit=5")).status).toBe(200);
    disk?.clear();
    await workload.progress(900);
  });

  // The service ends where a merge was put in force that could not be written; it notices within ten seconds.
  it("not a byte left: the service may stop, and goes on once there is room and it is started", {
    timeout: 240_000,
  }, async () => {
    for (let n = 0; n < FULL_TIMES; n += 1) {
      disk?.leave(0);
      await workload.progress(120);
      disk?.clear();
      await workload.progress(120);
    }
    const service = installation.services.get(STANDALONE);
    let progressed = false;
    const progress = workload.progress(PAST_NOTICING).finally(() => {
      progressed = true;
    });
    await waitFor(
      async () => {
        if (service?.running() !== true) await service?.start();
        return progressed && (await installation.request("/health")).ok;
      },
      {
        what: "records to be accepted again, by a service that is started whenever it stops",
        timeoutMs: 150_000,
      },
    );
    await progress;
  });

  it("and then log, store, alerts and revocations hold what a run without faults gives", {
    timeout: 240_000,
  }, async () => {
    const run = await whatHappened(installation, workload);
    expect(run.accepted.chains.size).toBeGreaterThan(4);
    expect(findings(run)).toEqual([]);
  });
});
