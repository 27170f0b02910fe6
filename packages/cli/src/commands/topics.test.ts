import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOPICS } from "@tripline/events";
import { openLog } from "@tripline/stream";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../../infra/kafka/broker.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { EXIT } from "../exit.ts";
import { run } from "../program.ts";

const PORT = 20_190; // and its controller on the next
const PARTITIONS = "2";

describe.skipIf(requirement("kafka").missing)("tripline topics", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-topics-"));
  let broker: Broker;
  let env: Record<string, string>;
  beforeAll(async () => {
    broker = await startBroker({ port: PORT, dataDir: join(directory, "data") });
    env = { TRIPLINE_LOG: `kafka://${broker.address}`, TRIPLINE_PARTITIONS: PARTITIONS };
  }, 300_000);
  afterAll(async () => {
    await broker?.kill();
    rmSync(directory, { recursive: true });
  });

  async function tripline(...argv: string[]) {
    const said = { out: "", err: "" };
    const code = await run(argv, {
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      env,
      home: directory,
      now: () => new Date(),
      width: null,
      signal: new AbortController().signal,
    });
    return { code, ...said };
  }

  async function withAdmin<T>(work: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
    const admin = new kafkajs.Kafka({
      brokers: [broker.address],
      logLevel: kafkajs.logLevel.NOTHING,
    }).admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  async function settings(name: string): Promise<Record<string, string>> {
    const { resources } = await withAdmin((admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
      }),
    );
    return Object.fromEntries(
      (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]),
    );
  }
  const set = (name: string, values: Record<string, string>) =>
    withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name,
            configEntries: Object.entries(values).map(([key, value]) => ({ name: key, value })),
          },
        ],
      }),
    );

  test("check says what is missing, apply makes it, services find it", async () => {
    const service = () => openLog({ url: env.TRIPLINE_LOG ?? "", kafka: { createTopics: false } });
    const early = await service();
    await expect(
      early.ensureTopics([{ name: TOPICS.events, partitions: 2, cleanup: "delete" }]),
    ).rejects.toMatchObject({
      code: "TRIPLINE_STREAM_TOPIC_UNKNOWN",
      message: expect.stringContaining("tripline topics apply"),
    });
    await early.close();

    const before = await tripline("topics", "check");
    expect(before.code).toBe(EXIT.failure);
    expect(before.out).toMatch(/tripline\.events +topic +none +2 partitions, 1 copies, delete/);
    expect(await tripline("topics", "apply")).toMatchObject({ code: EXIT.ok, err: "" });
    expect(await tripline("topics", "check")).toEqual({ code: EXIT.ok, out: "", err: "" });
    expect(await settings(TOPICS.events)).toMatchObject({
      "cleanup.policy": "delete",
      "retention.ms": String(7 * 86_400_000),
      "message.timestamp.type": "LogAppendTime",
      "unclean.leader.election.enable": "false",
      "min.insync.replicas": "1",
    });
    expect(await settings(TOPICS.state)).toMatchObject({ "cleanup.policy": "compact" });
    const late = await service();
    await late.ensureTopics([{ name: TOPICS.events, partitions: 2, cleanup: "delete" }]);
    await late.close();
  }, 60_000);

  test("apply mends what loses no record, keeps what others set, and leaves the rest with the way to go", async () => {
    await set(TOPICS.events, {
      "retention.ms": "3600000",
      "unclean.leader.election.enable": "true",
      "message.timestamp.type": "LogAppendTime",
      "segment.bytes": "123456789",
    });
    await set(TOPICS.alerts, { "retention.ms": "-1", "message.timestamp.type": "LogAppendTime" });
    const differing = await tripline("topics", "check", "--json");
    expect(differing.code).toBe(EXIT.failure);
    const found = differing.out
      .split("\n")
      .filter(Boolean)
      .map((line): unknown => JSON.parse(line));
    expect(found).toEqual([
      expect.objectContaining({ topic: TOPICS.events, what: "unclean.leader.election.enable", byHand: null }),
      expect.objectContaining({ topic: TOPICS.events, what: "retention.ms", found: "3600000", byHand: null }),
    ]);
    expect((await tripline("topics", "apply")).code).toBe(EXIT.ok);
    expect(await settings(TOPICS.events)).toMatchObject({
      "retention.ms": String(7 * 86_400_000),
      "unclean.leader.election.enable": "false",
      "segment.bytes": "123456789",
    });
    expect((await settings(TOPICS.alerts))["retention.ms"]).toBe("-1");

    const more = await tripline("topics", "apply", "--partitions", "5");
    expect(more.code).toBe(EXIT.failure);
    expect(more.err).toContain("tripline log cutover");
    expect((await tripline("topics", "check")).code).toBe(EXIT.ok);
    const copies = await tripline("topics", "check", "--copies", "3");
    expect(copies).toMatchObject({ code: EXIT.failure, err: expect.stringContaining("there are 1") });
  }, 60_000);

  test("wrong configuration and a broker that is not there are said in a sentence", async () => {
    const wrong = await tripline("topics", "check", "--log", "redis://x:1");
    expect(wrong).toMatchObject({ code: EXIT.usage, err: expect.stringContaining("kafka://host:port") });
    const secret = await tripline("topics", "check", "--kafka-sasl", "plain");
    expect(secret).toMatchObject({
      code: EXIT.failure,
      err: expect.stringContaining("TRIPLINE_KAFKA_PASSWORD"),
    });
    const away = await tripline("topics", "check", "--log", "kafka://127.0.0.1:1");
    expect(away).toMatchObject({
      code: EXIT.failure,
      err: expect.stringContaining("connecting to 127.0.0.1:1"),
    });
  }, 60_000);

  test("accept-gap says what is lost, and accepts exactly that", async () => {
    const log = await openLog({ url: env.TRIPLINE_LOG ?? "" });
    const place = { topic: TOPICS.events, partition: 1 };
    const values = ["0", "1", "2", "3"].map((text) => ({ key: "k", value: Buffer.from(text), partition: 1 }));
    await log.produce(place.topic, values);
    const consume = (commit: number | null) =>
      log.consume({
        topic: place.topic,
        group: "g",
        onAssigned: async (assignment) => {
          if (assignment.partition === 1 && commit !== null) await assignment.commit(commit, "state");
          return { onBatch: async () => undefined };
        },
      });
    const reader = await consume(1);
    await waitFor(async () => (await log.committed(place.topic, "g")).get(1)?.offset === 1, {
      what: "a commit",
    });
    await reader.close();
    await withAdmin(async (admin) => {
      await admin.fetchTopicOffsets(place.topic); // loads the metadata that the next call needs
      await admin.deleteTopicRecords({ topic: place.topic, partitions: [{ partition: 1, offset: "3" }] });
    });
    const stuck = await consume(null);
    await expect(stuck.ended).rejects.toMatchObject({ code: "TRIPLINE_STREAM_OUT_OF_RANGE" });

    const gap = ["topics", "accept-gap", place.topic, "1", "--group", "g"];
    expect(await tripline(...gap)).toMatchObject({
      code: EXIT.failure,
      out: "removed 1-3\n",
      err: expect.stringContaining("--range 1-3"),
    });
    expect(await tripline(...gap, "--range", "1-2")).toMatchObject({ code: EXIT.failure });
    expect(await tripline(...gap, "--range", "1-3")).toMatchObject({ code: EXIT.ok });
    expect((await log.committed(place.topic, "g")).get(1)).toEqual({ offset: 3, metadata: "" });
    expect(await tripline(...gap)).toMatchObject({
      code: EXIT.ok,
      err: expect.stringContaining("nothing is lost"),
    });
    await log.close();
  }, 60_000);
});
