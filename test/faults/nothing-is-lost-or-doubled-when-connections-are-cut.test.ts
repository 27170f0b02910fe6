import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { findings } from "./harness/findings.ts";
import type { Installation } from "./harness/installation.ts";
import { startStandaloneInstallation } from "./harness/standalone-installation.ts";
import { whatHappened } from "./harness/what-happened.ts";
import { startWorkload, type Workload } from "./harness/workload.ts";

const PORT = 24_500; // and the proxy's is the next
const MID_BATCH_BYTES = 1_500; // inside a batch's second record
const MID_ANSWER_BYTES = 40; // inside the answer's head: the batch is in the log and nobody is told

/** The network between interceptors and the collector. */
describe("nothing is lost or doubled when connections are cut", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-cut-"));
  let proxy: TcpProxy;
  let installation: Installation;
  let workload: Workload;

  beforeAll(async () => {
    proxy = await startTcpProxy({ port: PORT }, PORT + 1);
    installation = await startStandaloneInstallation({
      directory,
      port: PORT,
      url: `http://127.0.0.1:${proxy.port}`,
    });
    workload = await startWorkload({ installation, directory });
  });
  afterAll(async () => {
    await workload?.dispose();
    await installation?.dispose();
    await proxy?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("in the middle of a batch, of an answer, all at once, and when nothing comes through", {
    timeout: 180_000,
  }, async () => {
    await workload.progress(200);
    for (let round = 0; round < 3; round++) {
      await Promise.all([proxy.cutAfter(MID_BATCH_BYTES), workload.progress(100)]);
      await Promise.all([proxy.cutAnswerAfter(MID_ANSWER_BYTES), workload.progress(100)]);
      proxy.cut();
    }
    proxy.pause();
    await workload.progress(200); // calls go on while packets are swallowed
    proxy.resume();
    proxy.refuse();
    await workload.progress(200);
    proxy.accept();
    const run = await whatHappened(installation, workload);
    expect(run.logged.length, "an answer that was lost makes a resend").toBeGreaterThan(run.stored.length);
    expect(run.accepted.chains.size).toBeGreaterThan(2);
    expect(findings(run)).toEqual([]);
  });
});
