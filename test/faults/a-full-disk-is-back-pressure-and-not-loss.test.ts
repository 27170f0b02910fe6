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
const NOTICED_TIMEOUT_MS = 30_000;

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

  // One run in ten leaves the embedded engine answering 246 CORRUPTED_DATA from then on, for a reason that is not known: run on
  // demand until it is. `docs/guarantees.md` says so.
  it.skipIf(process.env.TRIPLINE_LAST_BYTE !== "1")(
    "not a byte left: the service may stop, and goes on once there is room and it is started",
    {
      timeout: 180_000,
    },
    async () => {
      disk?.leave(0);
      await workload.progress(500);
      disk?.clear();
      const service = installation.services.get(STANDALONE);
      if (service?.running() !== true) await service?.start();
      await waitFor(async () => (await installation.request("/health")).ok, {
        what: "the service to be well again",
        timeoutMs: NOTICED_TIMEOUT_MS,
      });
      await workload.progress(200);
    },
  );

  it("and then log, store, alerts and revocations hold what a run without faults gives", {
    timeout: 240_000,
  }, async () => {
    const run = await whatHappened(installation, workload);
    expect(run.accepted.chains.size).toBeGreaterThan(4);
    expect(findings(run)).toEqual([]);
  });
});
