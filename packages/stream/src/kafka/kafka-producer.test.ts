import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import kafkajs, { type Broker as KafkaJsBroker } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../../infra/kafka/broker.ts";
import { kafkaLibs } from "../../../../infra/kafka/libs.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Log } from "../log.ts";
import { connectKafka } from "./connection.ts";
import { openCluster } from "./kafka-cluster.ts";
import { openKafkaLog } from "./kafka-log.ts";
import { KafkaSender } from "./kafka-sender.ts";

const PORT = 20_180; // and its controller on the next
const PROXY_PORT = 20_182;
const DELIVERY_MS = 15_000;

describe.skipIf(requirement("kafka").missing)(
  "the Kafka producer, each trouble to its documented end",
  () => {
    const directory = mkdtempSync(join(tmpdir(), "tripline-kafka-producer-"));
    let broker: Broker;
    let proxy: TcpProxy;
    let log: Log;
    let count = 0;

    beforeAll(async () => {
      proxy = await startTcpProxy({ port: PORT }, PROXY_PORT);
      broker = await startBroker({
        port: PORT,
        dataDir: join(directory, "data"),
        properties: { "advertised.listeners": `PLAINTEXT://127.0.0.1:${PROXY_PORT}` },
      });
      log = await openKafkaLog({ brokers: [`127.0.0.1:${PROXY_PORT}`], deliveryTimeoutMs: DELIVERY_MS });
    }, 300_000);
    afterAll(async () => {
      await log?.close();
      await broker?.kill();
      await proxy?.close();
      rmSync(directory, { recursive: true });
    });

    async function topic(): Promise<string> {
      const name = `t-${count++}`;
      await log.ensureTopics([{ name, partitions: 1, cleanup: "delete" }]);
      return name;
    }
    const numbered = (from: number, to: number, bytes = 100) =>
      Array.from({ length: to - from }, (_, i) => ({
        key: "k",
        value: Buffer.from(`${from + i}`.padEnd(bytes)),
      }));

    async function stored(name: string): Promise<number[]> {
      const numbers: number[] = [];
      const [bounds] = await log.offsets(name);
      await log.scan({ topic: name, partition: 0, from: 0, to: bounds?.next ?? 0 }, async (records) => {
        for (const { value } of records) numbers.push(Number(Buffer.from(value ?? []).toString()));
      });
      return numbers;
    }
    const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);

    test("a connection cut in the middle of a batch, or before its answer: written once, at the positions that were said", async () => {
      const name = await topic();
      await log.produce(name, numbered(0, 10));
      const torn = proxy.cutAfter(20_000);
      const first = log.produce(name, numbered(10, 500));
      await torn;
      expect((await first).at(-1)?.offset).toBe(499);
      const lost = proxy.cutAnswerAfter(1);
      const second = log.produce(name, numbered(500, 510));
      await lost;
      expect((await second).at(0)?.offset).toBe(500);
      await log.produce(name, numbered(510, 520));
      expect(await stored(name)).toEqual(upTo(520));
    });

    test("readers whose answers are cut in the middle read everything, in order", async () => {
      const name = await topic();
      await log.produce(name, numbered(0, 3000, 500));
      const read: number[] = [];
      const torn = proxy.cutAnswerAfter(300_000);
      const consumer = await log.consume({
        topic: name,
        group: "g",
        onAssigned: async () => ({
          onBatch: async (records) => {
            for (const { value } of records) read.push(Number(Buffer.from(value ?? []).toString()));
          },
        }),
      });
      await torn;
      await waitFor(() => new Set(read).size === 3000, { timeoutMs: 60_000, what: "all records" });
      expect(read.filter((number, at) => read.indexOf(number) === at)).toEqual(upTo(3000));
      await consumer.close();
      const again = proxy.cutAnswerAfter(100_000);
      const reading = stored(name);
      await again;
      expect(await reading).toEqual(upTo(3000));
    }, 90_000);

    test("nobody answers: calls end with a retriable error, those behind too, and a second try keeps the order", async () => {
      const name = await topic();
      const hasty = await openKafkaLog({ brokers: [`127.0.0.1:${PROXY_PORT}`], deliveryTimeoutMs: 300 });
      await hasty.produce(name, numbered(0, 1));
      proxy.refuse();
      const calls = [hasty.produce(name, numbered(1, 2)), hasty.produce(name, numbered(2, 3))];
      const refused = await Promise.allSettled([...calls, hasty.produce(name, numbered(3, 4))]);
      proxy.accept();
      for (const outcome of refused) {
        expect(outcome).toMatchObject({ reason: { code: "TRIPLINE_STREAM_UNAVAILABLE", kind: "retriable" } });
      }
      await hasty.close();
      await log.produce(name, numbered(1, 4));
      expect(await stored(name)).toEqual(upTo(4));
    });

    test("too large for the broker: the record is refused for good, what is small goes through, in parts if need be", async () => {
      const name = await topic();
      const admin = connectKafka({ brokers: [`127.0.0.1:${PROXY_PORT}`] }).admin();
      await admin.connect();
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name,
            configEntries: [{ name: "max.message.bytes", value: "3000" }],
          },
        ],
      });
      await admin.disconnect();
      const [small, large, more] = await Promise.allSettled([
        log.produce(name, numbered(0, 50, 200)), // 10 kB together
        log.produce("t-0", numbered(520, 521)),
        log.produce(name, [{ key: "k", value: Buffer.alloc(5000) }]),
      ]);
      // The call that can't be taken is refused; the others of the same send are not.
      expect(large).toMatchObject({ status: "fulfilled" });
      expect(more).toMatchObject({ reason: { code: "TRIPLINE_STREAM_RECORD_TOO_LARGE", kind: "permanent" } });
      expect(small).toMatchObject({ status: "fulfilled" });
      await log.produce(name, numbered(50, 60, 200));
      expect(await stored(name)).toEqual(upTo(60));
    });

    test("errors 45 and 46, and a lost acknowledgement: under a new identity or the same numbers, in order, nothing lost", async () => {
      const name = await topic();
      const own = openCluster(connectKafka({ brokers: [`127.0.0.1:${PROXY_PORT}`] }));
      await own.connect();
      const find = own.cluster.findBroker.bind(own.cluster);
      let shift: number | "silence" | null = null;
      const errors: unknown[] = [];
      own.cluster.findBroker = async (node) => {
        const real = await find(node);
        const tampered: KafkaJsBroker = Object.create(real);
        tampered.produce = async (request) => {
          const now = shift;
          shift = null;
          for (const { partitions } of typeof now === "number" ? request.topicData : []) {
            for (const part of partitions)
              part.firstSequence = Math.max(0, (part.firstSequence ?? 0) + Number(now));
          }
          try {
            const answer: unknown = await real.produce(request);
            if (now !== "silence") return answer;
          } catch (error) {
            errors.push(error instanceof Error && "code" in error ? error.code : error);
            throw error;
          }
          throw new kafkajs.KafkaJSRequestTimeoutError("the answer is lost");
        };
        return tampered;
      };
      const sender = new KafkaSender(own.cluster, DELIVERY_MS);
      const send = (number: number) =>
        sender.send([
          { topic: name, partition: 0, start: 0, messages: [{ key: "k", value: Buffer.from(`${number}`) }] },
        ]);
      for (let n = 0; n < 10; n++) await send(n);
      shift = 7; // ahead of what the broker expects
      expect(await send(10)).toMatchObject([{ base: 10 }]);
      for (let n = 11; n < 20; n++) await send(n);
      shift = -8; // a number from before the last five batches
      expect(await send(20)).toMatchObject([{ base: 20 }]);
      shift = "silence";
      expect(await send(21)).toMatchObject([{ base: 21 }]);
      await send(22);
      await own.disconnect();
      expect(errors).toHaveLength(2);
      expect(errors.every((code) => code === 45 || code === 46)).toBe(true);
      expect(await stored(name)).toEqual(upTo(23));
    });

    test("a quota: the broker slows the producer down, calls wait, none fails", async () => {
      const name = await topic();
      const bootstrap = ["--bootstrap-server", `127.0.0.1:${PORT}`];
      const quota = ["--alter", "--add-config", "producer_byte_rate=400000"];
      const entity = ["--entity-type", "clients", "--entity-name", "slow"];
      const jars = `${await kafkaLibs()}/jars/*`;
      await promisify(execFile)("java", [
        "-cp",
        jars,
        "kafka.admin.ConfigCommand",
        ...bootstrap,
        ...quota,
        ...entity,
      ]);
      const slow = await openKafkaLog({ brokers: [`127.0.0.1:${PROXY_PORT}`], clientId: "slow" });
      const started = performance.now();
      for (let n = 0; n < 12; n++) await slow.produce(name, numbered(n, n + 1, 500_000));
      const seconds = (performance.now() - started) / 1000;
      await slow.close();
      // 6 MB at 0.4 MB/s, of which Kafka lets a window of eleven seconds pass at once.
      expect(seconds).toBeGreaterThan(1);
      expect(await stored(name)).toEqual(upTo(12));
    }, 120_000);
  },
);
