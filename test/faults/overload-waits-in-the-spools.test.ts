import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Installation } from "./harness/installation.ts";
import { overload } from "./harness/overload.ts";
import { startStandaloneInstallation } from "./harness/standalone-installation.ts";

const PORT = 24_570;

/** Seconds of it: `npm run bench -- overload` is the minute, with latencies and memory held to their bounds. */
describe("overload waits in the spools", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-overload-"));
  let installation: Installation;

  beforeAll(async () => {
    installation = await startStandaloneInstallation({ directory, port: PORT });
  }, 120_000);
  afterAll(async () => {
    await installation?.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  it("and all of it is stored afterwards, once; people are answered meanwhile", {
    timeout: 240_000,
  }, async () => {
    const result = await overload({
      installation,
      directory,
      idleSeconds: 1,
      seconds: 4,
      loaders: 2,
      callsPerSecond: 10_000,
    });
    expect(
      result.loaders.some(({ spoolBytes }) => spoolBytes > 2 ** 20),
      "a spool that fills: it was an overload",
    ).toBe(true);
    expect(result.goodbyes.map(({ dropped }) => dropped)).toEqual([0, 0, 0]);
    expect(result.missing, "records that were accepted and are not in the log").toBe(0);
    expect(result.rows, "rows that are stored").toBe(result.records);
    expect(result.distinct, "different records among them").toBe(result.records);
    expect(result.console.failed).toBe(0);
    expect(result.console.loaded.length).toBeGreaterThan(0);
  });
});
