import kafkajs, { type Admin } from "kafkajs";
import { streamError } from "../errors.ts";
import type { TopicSpec } from "../log.ts";
import { checkSpecs, type ExistingTopic } from "../topic-specs.ts";
import { createTopics } from "./create-topics.ts";
import { fromKafka } from "./errors.ts";
import { topicSettings } from "./topic-settings.ts";

/** What is known about the broker's topics. A topic's shape never changes within a generation, so it is asked for once. */
export class KafkaTopics {
  readonly #admin: Admin;
  readonly #options: { replicationFactor: number; create: boolean };
  readonly #known = new Map<string, ExistingTopic>();

  constructor(admin: Admin, options: { replicationFactor: number; create: boolean }) {
    this.#admin = admin;
    this.#options = options;
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    const existing = new Map<string, ExistingTopic>();
    const names = new Set(await this.#ask("listing topics", () => this.#admin.listTopics()));
    for (const { name } of specs) if (names.has(name)) existing.set(name, await this.get(name));
    const missing = checkSpecs(specs, (name) => existing.get(name));
    if (missing.length === 0) return;
    if (!this.#options.create) {
      throw streamError(
        "TRIPLINE_STREAM_TOPIC_UNKNOWN",
        `Kafka has no ${missing.map(({ name }) => name).join(", ")}: run \`tripline topics apply\``,
      );
    }
    await this.#ask("creating topics", () =>
      createTopics(
        this.#admin,
        missing.map((spec) => ({
          topic: spec.name,
          numPartitions: spec.partitions,
          replicationFactor: this.#options.replicationFactor,
          configEntries: Object.entries(topicSettings(spec)).map(([name, value]) => ({ name, value })),
        })),
      ),
    );
  }

  /** @throws TriplineError TRIPLINE_STREAM_TOPIC_UNKNOWN */
  async get(name: string): Promise<ExistingTopic> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = await this.#ask(`looking for ${name}`, async () => {
      const names = await this.#admin.listTopics(); // asking for an unknown topic's metadata would be retried
      if (!names.includes(name)) return null;
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [name] });
      const { resources } = await this.#admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: ["cleanup.policy"] }],
      });
      const policy = resources[0]?.configEntries.find(
        (entry) => entry.configName === "cleanup.policy",
      )?.configValue;
      return { partitions: topics[0]?.partitions.length ?? 0, policy };
    });
    if (found === null) {
      throw streamError(
        "TRIPLINE_STREAM_TOPIC_UNKNOWN",
        `there is no topic ${name}: create it with ensureTopics`,
      );
    }
    const cleanup = found.policy?.includes("compact") ? "compact" : "delete";
    const topic: ExistingTopic = { partitions: found.partitions, cleanup };
    this.#known.set(name, topic);
    return topic;
  }

  async #ask<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw fromKafka(error, what);
    }
  }
}
