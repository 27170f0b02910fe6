import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Alert, alertKey, parseRecord, TOPICS } from "@tripline/events";
import { type Log, openKafkaLog, triplineTopics } from "@tripline/stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../infra/kafka/broker.ts";
import { requirement } from "../../../test/support/requirements.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { anAlert, Receiver, SECRET } from "./testing/bench.ts";
import { Issuer } from "./upstream/testing/issuer.ts";

const BROKER_PORT = 20760; // its controller takes the next one
const HTTP_PORT = 20762;
const PARTITIONS = 3;
const MAIN = new URL("main.ts", import.meta.url).pathname;

describe.skipIf(requirement("kafka").missing)("the responder as a process of its own, on Kafka", () => {
  const dir = mkdtempSync(join(tmpdir(), "tripline-responder-main-"));
  const receiver = new Receiver(20763);
  const decisions: { id: string | undefined; kind: string }[] = [];
  const children = new Set<ChildProcess>(); // running ones: a test that fails leaves none behind
  let broker: Broker;
  let log: Log;

  beforeAll(async () => {
    broker = await startBroker({ port: BROKER_PORT, dataDir: join(dir, "kafka") });
    log = await openKafkaLog({ brokers: [broker.address] });
    await log.ensureTopics(triplineTopics(PARTITIONS));
    await log.consume({
      topic: TOPICS.events,
      group: "test",
      onAssigned: async () => ({
        onBatch: async (records) => {
          for (const { value } of records) {
            const { decision } = parseRecord(new TextDecoder().decode(value ?? new Uint8Array())).envelope;
            if (decision !== undefined) decisions.push({ id: decision.alert_id, kind: decision.kind });
          }
        },
      }),
    });
    await receiver.start();
  }, 120_000);
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await receiver.stop();
    await log?.close();
    await broker?.stop();
    rmSync(dir, { recursive: true });
  });

  async function start(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [MAIN], {
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        TRIPLINE_HOME: dir,
        TRIPLINE_LOG: `kafka://${broker.address}`,
        TRIPLINE_PORT: String(HTTP_PORT),
        TRIPLINE_PARTITIONS: String(PARTITIONS),
        TRIPLINE_LOG_LEVEL: "error",
        HOOK: SECRET,
      },
    });
    children.add(child);
    child.once("exit", () => children.delete(child));
    await waitFor(async () => (await fetch(`http://127.0.0.1:${HTTP_PORT}/health`)).status === 200, {
      timeoutMs: 60_000,
      what: "the responder to be ready",
    });
    return child;
  }

  async function stop(child: ChildProcess): Promise<number | null> {
    const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill("SIGTERM");
    return exited;
  }

  async function alert(...alerts: Alert[]): Promise<void> {
    const records = alerts.map((each) => ({
      key: alertKey(each.tenant, each.id),
      value: Buffer.from(JSON.stringify(each)),
    }));
    await log.produce(TOPICS.alerts, records);
  }

  const kindsOf = (each: Alert) => decisions.filter(({ id }) => id === each.id).map(({ kind }) => kind);
  const settled = (each: Alert) =>
    waitFor(() => kindsOf(each).length >= 2, { timeoutMs: 60_000, what: "revocation and notification" });

  /** Each key's alerts are an incident of their own. */
  const about = (key: string) => anAlert({ actor: { credential: `local:${key}`, assurance: "verified" } });

  test("revokes and notifies, stops when told to, and after a restart does not repeat itself", async () => {
    writeFileSync(
      join(dir, "response.yaml"),
      `notifiers: [{name: a, type: webhook, url: "${receiver.url}", secret: {env: HOOK}}]\negress: {allow_internal: [127.0.0.1]}\n` +
        "automatic_revocation: {rules: {send: {enabled: true}}, limit: {keys: 100, minutes: 60}}\n",
    );
    const [before, first, after] = [about("a"), about("b"), about("c")];
    await alert(before);
    let child = await start();
    await alert(first, first);
    await settled(before);
    await settled(first);
    expect(await stop(child)).toBe(0);

    child = await start();
    await alert(first, after);
    await settled(after);
    expect(await stop(child)).toBe(0);
    for (const each of [before, first, after]) expect(kindsOf(each)).toEqual(["revoked", "notified"]);
    const told = receiver.deliveries.map(({ data }) => String(data.alert_id));
    expect(told.sort()).toEqual([before, first, after].map(({ id }) => id).sort());
  }, 180_000);

  test("killed with a notice that its receiver did not take: it is told after the restart, and what was told is not told again", async () => {
    receiver.deliveries.length = 0;
    const [early, waiting] = [about("d"), about("e")];
    let child = await start();
    await alert(early);
    await settled(early);
    receiver.status = 503;
    await alert(waiting);
    await waitFor(() => receiver.deliveries.some(({ data }) => data.alert_id === waiting.id), {
      timeoutMs: 60_000,
      what: "an attempt",
    });
    const killed = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await killed;
    receiver.status = 204;
    receiver.deliveries.length = 0;
    child = await start();
    await settled(waiting);
    expect(await stop(child)).toBe(0);
    expect(kindsOf(waiting)).toEqual(["revoked", "notified"]);
    expect(receiver.deliveries.map(({ data }) => data.alert_id)).toEqual([waiting.id]);
  }, 180_000);

  test("killed while an issuer was asked, and again before it was seen to refuse: it goes on where it was", async () => {
    const issuer = new Issuer(20778);
    await issuer.start();
    try {
      writeFileSync(
        join(dir, "response.yaml"),
        `egress: {allow_internal: [127.0.0.1]}\nrevokers:\n${issuer.yaml("vault")}` +
          "automatic_revocation: {rules: {send: {enabled: true}}, limit: {keys: 100, minutes: 60}}\n",
      );
      const stolen = anAlert({ actor: { credential: "key:vault/f", assurance: "verified" } });
      const asked = (what: string, times: number) =>
        waitFor(() => issuer.requests.filter((request) => request === what).length >= times, {
          timeoutMs: 60_000,
          what: `${times} × ${what}`,
        });
      const kill = async (child: ChildProcess) => {
        const killed = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await killed;
      };
      issuer.holds = "changes";
      let child = await start();
      await alert(stolen);
      await asked("PUT f", 1);
      await kill(child);
      issuer.release(); // it has done it, and nobody heard
      issuer.holds = "questions";
      child = await start();
      await asked("GET f", 1);
      expect(issuer.changes()).toEqual(["PUT f", "PUT f"]);
      await kill(child);
      issuer.release();
      child = await start();
      await waitFor(() => kindsOf(stolen).includes("upstream_verified"), { timeoutMs: 60_000 });
      expect(await stop(child)).toBe(0);
      // Decided again after a crash is recorded again; what the issuer did is not.
      expect([...new Set(kindsOf(stolen))]).toEqual([
        "revoked",
        "upstream_acknowledged",
        "upstream_verified",
      ]);
      expect(issuer.changes()).toEqual(["PUT f", "PUT f"]);
    } finally {
      await issuer.stop();
    }
  }, 240_000);
});
