import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CallRefusedError,
  type ConnectedInterceptor,
  connectInterceptor,
  wrapTool,
} from "@tripline/interceptor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { startTcpProxy, type TcpProxy } from "./support/tcp-proxy.ts";
import { waitFor } from "./support/wait-for.ts";

const CANARY = "local:canary";

interface Course {
  revocation: { id: string; state: string };
  timeline: {
    all_applied_ms: number | null;
    steps: { step: string; label: string; at: string | null; clock: string }[];
  };
}

/** Two real interceptors, one of them behind a network that can be cut, and everything else as `npm start` starts it. */
describe("an interceptor that is cut off", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-cut-"));
  let tripline: Standalone;
  let network: TcpProxy;
  const interceptors: ConnectedInterceptor[] = [];

  beforeAll(async () => {
    const data = join(folder, "data");
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(
      join(data, "response.yaml"),
      `deadlines: {interceptors: 2s}\ndrills: [{tenant: local, credential: '${CANARY}', within: 10s}]\n`,
      { mode: 0o600 },
    );
    tripline = await startStandalone({ data });
    network = await startTcpProxy({ port: Number(new URL(tripline.url).port) });
    for (const [producer, url] of [
      ["gw-1", tripline.url],
      ["gw-2", `http://127.0.0.1:${network.port}`],
    ] as const) {
      const { key } = await tripline.json<{ key: string }>("/v1/producers", {
        method: "POST",
        body: JSON.stringify({ id: producer, issuers: ["local"] }),
      });
      const stateDir = join(folder, producer);
      interceptors.push(
        await connectInterceptor({
          url,
          ingestKey: key,
          stateDir,
          enforcement: "enforced",
          onWarning: () => undefined,
        }),
      );
    }
  });
  afterAll(async () => {
    for (const interceptor of interceptors) await interceptor.close(2000);
    await network?.close();
    await tripline?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  function call(at: number, credential: string): boolean {
    const interceptor = interceptors[at];
    if (interceptor === undefined) throw new Error("there are two");
    const tool = wrapTool("read", () => true, {
      interceptor,
      server: "files",
      caller: { credential, assurance: "asserted" },
    });
    try {
      return tool();
    } catch (error) {
      if (error instanceof CallRefusedError) return false;
      throw error;
    }
  }

  async function revoke(subject: string): Promise<string> {
    const made = await tripline.json<{ id: string }>("/api/revocations", {
      method: "POST",
      body: JSON.stringify({ scope: "credential", subject, reason: "a test" }),
    });
    return made.id;
  }

  const course = (id: string) => tripline.json<Course>(`/api/revocations/${id}`);
  const stepsOf = async (id: string, step: string) =>
    (await course(id)).timeline.steps.filter((each) => each.step === step && each.at !== null);

  it("is known once it has applied a first revocation, and so is the other", async () => {
    const id = await revoke("local:first");
    await waitFor(async () => (await stepsOf(id, "applied")).length === 2, {
      what: "both to refuse",
      timeoutMs: 30_000,
    });
    expect([call(0, "local:first"), call(1, "local:first")]).toEqual([false, false]);
    await waitFor(async () => (await course(id)).timeline.all_applied_ms !== null);
  });

  it("is reported as not enforced, refuses from its return on, and then the report is over", async () => {
    network.refuse();
    const id = await revoke("local:stolen");
    await waitFor(() => !call(0, "local:stolen"), { what: "the other to refuse" });
    expect(call(1, "local:stolen")).toBe(true); // what nobody can prevent, and what the alert is about

    const [reported] = await waitFor(
      async () => {
        const found = await stepsOf(id, "not_enforced");
        return found.length > 0 ? found : null;
      },
      { what: "the report", timeoutMs: 30_000 },
    );
    expect(reported?.label).toMatch(/gw-2 had not said/);
    const { alerts } = await tripline.json<{ alerts: { rule_id: string; summary: string }[] }>(
      "/api/alerts?rule=revocation-not-enforced",
    );
    expect(alerts).toMatchObject([
      { rule_id: "revocation-not-enforced", summary: expect.stringMatching(/gw-2$/) },
    ]);

    network.accept();
    await waitFor(() => !call(1, "local:stolen"), { what: "it to refuse on its return", timeoutMs: 30_000 });
    await waitFor(async () => (await stepsOf(id, "enforced")).length === 1, {
      what: "the report to be over",
      timeoutMs: 30_000,
    });
    await waitFor(
      async () => {
        const resolved = await tripline.json<{ alerts: unknown[] }>(
          "/api/alerts?rule=revocation-not-enforced&state=resolved",
        );
        return resolved.alerts.length === 1;
      },
      { what: "the alert to be resolved", timeoutMs: 30_000 },
    );
  });

  it("takes part in the drill like every other", async () => {
    const report = await tripline.json<{
      ok: boolean;
      failures: string[];
      refused_ms: number | null;
      interceptors: { producer: string; refused_ms: number | null; allowed_ms: number | null }[];
    }>("/api/drill", { method: "POST" });
    expect(report.failures).toEqual([]);
    expect(report.interceptors.map(({ producer }) => producer).sort()).toEqual(["gw-1", "gw-2"]);
    expect(report.refused_ms).not.toBeNull();
    expect([call(0, CANARY), call(1, CANARY)]).toEqual([true, true]);
  });
});
