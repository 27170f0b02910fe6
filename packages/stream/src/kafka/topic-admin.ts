import kafkajs, { type Admin } from "kafkajs";
import { streamError } from "../errors.ts";
import type { TopicSpec } from "../log.ts";
import { connectKafka, type KafkaOptions } from "./connection.ts";
import { createTopics } from "./create-topics.ts";
import { fromKafka } from "./errors.ts";
import { keepsPromise, MESSAGE_BYTES, topicSettings } from "./topic-settings.ts";

const COPIES = 3; // one broker may be lost and another restarted
const SET_ON_THE_TOPIC = 1; // Kafka's ConfigSource DYNAMIC_TOPIC_CONFIG

export interface TopicWishes {
  specs: readonly TopicSpec[];
  /** Copies of each partition; default: three, or as many as there are brokers. */
  replicationFactor?: number;
  /** Copies that must have a record before it is acknowledged; default: all but one. */
  minInSync?: number;
}

/** One way in which a topic is not as it should be. */
export interface TopicDifference {
  topic: string;
  /** `topic` when it does not exist; else `partitions`, `copies`, or a setting by Kafka's name. */
  what: string;
  found: string;
  wanted: string;
  /** `apply` mends it; else `byHand` says how it is done, in words. */
  byHand: string | null;
}

export interface TopicAdmin {
  check(wishes: TopicWishes): Promise<TopicDifference[]>;
  /** Creates and changes what can be changed without losing a record. Returns what it mended. */
  apply(wishes: TopicWishes): Promise<TopicDifference[]>;
  close(): Promise<void>;
}

/** For the operator's command: what the brokers' topics are, should be, and can be made. */
export async function openTopicAdmin(options: KafkaOptions): Promise<TopicAdmin> {
  const admin = connectKafka(options).admin();
  const ask = async <T>(what: string, question: () => Promise<T>): Promise<T> => {
    try {
      return await question();
    } catch (error) {
      throw fromKafka(error, what);
    }
  };
  await ask(`connecting to ${options.brokers.join(", ")}`, () => admin.connect());
  return {
    check: (wishes) => ask("checking topics", () => differences(admin, wishes)),
    apply: (wishes) => ask("applying topics", () => apply(admin, wishes)),
    close: () => admin.disconnect(),
  };
}

interface Copies {
  replicationFactor: number;
  minInSync: number;
}

async function copiesOf(admin: Admin, wishes: TopicWishes): Promise<Copies> {
  const { brokers } = await admin.describeCluster();
  const { replicationFactor = Math.min(COPIES, brokers.length) } = wishes;
  const { minInSync = Math.max(1, replicationFactor - 1) } = wishes;
  if (replicationFactor > brokers.length) {
    throw streamError(
      "TRIPLINE_STREAM_CONFIG",
      `${replicationFactor} copies need as many brokers, and there are ${brokers.length}: ask for fewer copies, or add brokers`,
    );
  }
  if (minInSync > replicationFactor) {
    throw streamError(
      "TRIPLINE_STREAM_CONFIG",
      `${minInSync} of ${replicationFactor} copies can't be in sync`,
    );
  }
  return { replicationFactor, minInSync };
}

const wantedSettings = (spec: TopicSpec, { minInSync }: Copies): Record<string, string> => ({
  ...topicSettings(spec),
  "min.insync.replicas": String(minInSync),
  "max.message.bytes": String(MESSAGE_BYTES),
});

async function differences(admin: Admin, wishes: TopicWishes): Promise<TopicDifference[]> {
  const copies = await copiesOf(admin, wishes);
  const names = new Set(await admin.listTopics());
  const found: TopicDifference[] = [];
  for (const spec of wishes.specs) {
    if (names.has(spec.name)) found.push(...(await compare(admin, spec, copies)));
    else {
      const wanted = `${spec.partitions} partitions, ${copies.replicationFactor} copies, ${spec.cleanup}`;
      found.push({ topic: spec.name, what: "topic", found: "none", wanted, byHand: null });
    }
  }
  return found;
}

async function compare(admin: Admin, spec: TopicSpec, copies: Copies): Promise<TopicDifference[]> {
  const topic = spec.name;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions ?? [];
  const settings = await settingsOf(admin, topic);
  const found: TopicDifference[] = [];
  if (partitions.length !== spec.partitions) {
    found.push({
      topic,
      what: "partitions",
      found: String(partitions.length),
      wanted: String(spec.partitions),
      byHand:
        "a log's partitions are fixed within its generation, for keys would change their partition: configure what exists, or move with `tripline log cutover`",
    });
  }
  const fewest = Math.min(...partitions.map(({ replicas }) => replicas.length));
  if (fewest < copies.replicationFactor) {
    found.push({
      topic,
      what: "copies",
      found: String(fewest),
      wanted: String(copies.replicationFactor),
      byHand: "Kafka copies partitions to more brokers with its own kafka-reassign-partitions",
    });
  }
  for (const [what, wanted] of Object.entries(wantedSettings(spec, copies))) {
    const value = settings.find(({ configName }) => configName === what)?.configValue ?? "";
    if (keepsPromise(what, value, wanted)) continue;
    const byHand =
      what === "cleanup.policy"
        ? "compaction would remove records of a log, and retention entries of a table: move with `tripline log cutover`"
        : null;
    found.push({ topic, what, found: value, wanted, byHand });
  }
  return found;
}

async function settingsOf(admin: Admin, topic: string) {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  return resources[0]?.configEntries ?? [];
}

async function apply(admin: Admin, wishes: TopicWishes): Promise<TopicDifference[]> {
  const copies = await copiesOf(admin, wishes);
  const mendable = (await differences(admin, wishes)).filter(({ byHand }) => byHand === null);
  const toCreate = new Set(mendable.filter(({ what }) => what === "topic").map(({ topic }) => topic));
  const specs = wishes.specs.filter(({ name }) => toCreate.has(name));
  if (specs.length > 0) {
    await createTopics(
      admin,
      specs.map((spec) => ({
        topic: spec.name,
        numPartitions: spec.partitions,
        replicationFactor: copies.replicationFactor,
        configEntries: entries(wantedSettings(spec, copies)),
      })),
    );
  }
  const toChange = Map.groupBy(
    mendable.filter(({ what }) => what !== "topic"),
    ({ topic }) => topic,
  );
  for (const [topic, changes] of toChange) {
    // This request replaces all that is set on the topic: what is not ours to change goes along as it is.
    const own = (await settingsOf(admin, topic)).filter(
      ({ configSource }) => Number(configSource) === SET_ON_THE_TOPIC,
    );
    const settings = Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
    for (const { what, wanted } of changes) settings[what] = wanted;
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: entries(settings) }],
    });
  }
  return mendable;
}

function entries(settings: Readonly<Record<string, string>>) {
  return Object.entries(settings).map(([name, value]) => ({ name, value }));
}
