import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRetriable } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../../infra/kafka/broker.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { openKafkaLog } from "../kafka/kafka-log.ts";
import type { Log } from "../log.ts";
import { openPlatformaticLog } from "./platformatic-log.ts";

const PORT = 21_300;
const PROXY_PORT = 21_310;
const FROZEN_MS = 14_000; // longer than the session
/** The same faults for the other client, to compare: FAULT_CLIENT=kafkajs. */
const client = process.env.FAULT_CLIENT === "kafkajs" ? "kafkajs" : "platformatic";
const open = client === "kafkajs" ? openKafkaLog : openPlatformaticLog;

/** Writes numbered records under one key, each call after the one before, and tries again what failed. */
function writer(log: Log, topic: string) {
  const acknowledged = new Map<number, number>();
  let sent = 0;
  let running = true;
  const done = (async () => {
    while (running) {
      const first = sent;
      sent += 5;
      const records = Array.from({ length: 5 }, (_, i) => ({
        key: "k",
        value: Buffer.from(`${first + i}`.padEnd(2000, " ")),
      }));
      for (let written = false; !written; ) {
        try {
          const positions = await log.produce(topic, records);
          for (const [i, { offset }] of positions.entries()) acknowledged.set(offset, first + i);
          written = true;
        } catch (error) {
          if (!isRetriable(error)) throw error;
          await delay(50);
        }
      }
      await delay(2);
    }
  })();
  return {
    acknowledged,
    sent: () => sent,
    /** Resolves when so many more were acknowledged. */
    async more(count: number): Promise<void> {
      const goal = acknowledged.size + count;
      await waitFor(() => acknowledged.size >= goal, { timeoutMs: 90_000, what: "records to be taken" });
    },
    async stop(): Promise<void> {
      running = false;
      await done;
    },
  };
}

/** A member of a group that commits behind each batch. */
async function reader(log: Log, topic: string, group = "g") {
  const seen: { offset: number; n: number }[] = [];
  const consumer = await log.consume({
    topic,
    group,
    onAssigned: async (assignment) => ({
      onBatch: async (batch) => {
        for (const { offset, value } of batch)
          seen.push({ offset, n: Number(Buffer.from(value ?? []).toString()) });
        for (let committed = false; !committed; ) {
          try {
            await assignment.commit((batch.at(-1)?.offset ?? 0) + 1);
            committed = true;
          } catch (error) {
            if (!isRetriable(error)) throw error;
            await delay(50);
          }
        }
      },
    }),
  });
  return { consumer, seen };
}
type Writer = ReturnType<typeof writer>;
type Reader = Awaited<ReturnType<typeof reader>>;

/** Everything acknowledged is where it was said to be, nothing is missing, out of order or twice in the log. */
async function isWhole(written: Writer, { seen }: Reader): Promise<void> {
  await written.stop();
  const last = Math.max(...written.acknowledged.keys());
  await waitFor(() => seen.some(({ offset }) => offset >= last), {
    timeoutMs: 60_000,
    what: "all to be read",
  });
  const byOffset = new Map<number, number>();
  for (const { offset, n } of seen) {
    expect(byOffset.get(offset) ?? n).toBe(n);
    byOffset.set(offset, n);
  }
  for (const [offset, n] of written.acknowledged) expect(byOffset.get(offset)).toBe(n);
  const inOrder = [...byOffset].sort(([a], [b]) => a - b);
  expect(inOrder.map(([offset]) => offset)).toEqual(inOrder.map((_, i) => i));
  expect(inOrder.map(([, n]) => n)).toEqual(Array.from({ length: written.sent() }, (_, n) => n));
}

describe.skipIf(requirement("kafka").missing)(`Kafka through ${client}, under faults`, () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-platformatic-"));
  let broker: Broker;
  let proxy: TcpProxy;
  let log: Log;
  const startBehindProxy = () =>
    startBroker({
      port: PORT,
      dataDir: join(directory, "data"),
      properties: { "advertised.listeners": `PLAINTEXT://127.0.0.1:${PROXY_PORT}` },
    });
  beforeAll(async () => {
    proxy = await startTcpProxy({ port: PORT }, PROXY_PORT);
    broker = await startBehindProxy();
    log = await open({ brokers: [`127.0.0.1:${PROXY_PORT}`] });
  }, 300_000);
  afterAll(async () => {
    await log?.close();
    await broker?.kill();
    await proxy?.close();
    rmSync(directory, { recursive: true });
  }, 60_000);
  async function topic(name: string, partitions = 1): Promise<string> {
    await log.ensureTopics([{ name, partitions, cleanup: "delete" }]);
    return name;
  }

  test("connections cut in a request and in an answer: nothing lost, out of order or twice", async () => {
    const name = await topic("cut");
    const read = await reader(log, name);
    const written = writer(log, name);
    for (let i = 0; i < 10; i++) {
      await written.more(20);
      await (i % 2 === 0 ? proxy.cutAfter(3000 + i * 700) : proxy.cutAnswerAfter(1 + i * 500));
    }
    await isWhole(written, read);
    await read.consumer.close();
  }, 120_000);

  test("a broker that freezes for longer than a session: all goes on when it wakes", async () => {
    const name = await topic("frozen");
    const read = await reader(log, name);
    const written = writer(log, name);
    await written.more(50);
    broker.freeze();
    await delay(FROZEN_MS);
    broker.thaw();
    await written.more(50);
    await isWhole(written, read);
    await read.consumer.close();
  }, 180_000);

  test("a network that swallows packets for longer than a session: all goes on behind it", async () => {
    const name = await topic("swallowed");
    const read = await reader(log, name);
    const written = writer(log, name);
    await written.more(50);
    proxy.pause();
    await delay(FROZEN_MS);
    proxy.resume();
    await written.more(50);
    await isWhole(written, read);
    await read.consumer.close();
  }, 180_000);

  test("kill -9 of the broker, and its restart", async () => {
    const name = await topic("killed");
    const read = await reader(log, name);
    const written = writer(log, name);
    await written.more(50);
    await broker.kill();
    broker = await startBehindProxy();
    await written.more(50);
    await isWhole(written, read);
    await read.consumer.close();
  }, 180_000);

  test("an owner that was frozen while its partition moved commits nothing when it wakes", async () => {
    const name = await topic("zombie");
    const zombie = fork(new URL("./zombie.fixture.ts", import.meta.url), [client, `127.0.0.1:${PORT}`, name]);
    const said: string[] = [];
    zombie.on("message", (message) => said.push(String(message)));
    try {
      await log.produce(name, [
        { key: "a", value: Buffer.from("0") },
        { key: "a", value: Buffer.from("1") },
      ]);
      await waitFor(() => said.includes("holding"), { timeoutMs: 30_000, what: "a batch in hand" });
      zombie.kill("SIGSTOP");
      const successor = await reader(log, name, "zombies");
      await waitFor(async () => (await log.committed(name, "zombies")).get(0)?.offset === 2, {
        timeoutMs: 60_000,
        what: "the successor's commit",
      });
      zombie.kill("SIGCONT");
      const commit = await waitFor(() => said.find((each) => each.startsWith("commit ")), {
        timeoutMs: 60_000,
        what: "its own attempt",
      });
      expect(commit).toBe("commit TRIPLINE_STREAM_ASSIGNMENT_LOST");
      expect((await log.committed(name, "zombies")).get(0)).toEqual({ offset: 2, metadata: "" });
      await successor.consumer.close();
    } finally {
      zombie.kill("SIGKILL");
    }
  }, 120_000);

  test("members come and go: every record is read, each partition in order", async () => {
    const name = await topic("members", 6);
    const first = await reader(log, name);
    let going = true;
    let sent = 0;
    const producing = (async () => {
      while (going) {
        const key = `k${sent % 50}`;
        await log.produce(name, [{ key, value: Buffer.from(`${sent++}`) }]);
        await delay(3);
      }
    })();
    const members: Reader[] = [first];
    try {
      for (let i = 0; i < 3; i++) {
        const member = await reader(log, name);
        members.push(member);
        await waitFor(() => member.seen.length > 20, { timeoutMs: 30_000, what: "its share" });
      }
      await members[1]?.consumer.close();
    } finally {
      going = false;
      await producing;
    }
    const read = () => new Set(members.flatMap(({ seen }) => seen.map(({ n }) => n)));
    await waitFor(() => read().size === sent, { timeoutMs: 60_000, what: "all to be read" });
    for (const { consumer } of members) await consumer.close();
  }, 180_000);
});
