import { setTimeout as delay } from "node:timers/promises";
import { type Admin, ConfigResourceTypes } from "@platformatic/kafka";
import { streamError } from "../errors.ts";
import { topicSettings } from "../kafka/topic-settings.ts";
import type { TopicSpec } from "../log.ts";
import { checkSpecs, type ExistingTopic } from "../topic-specs.ts";
import { fromPlatformatic } from "./errors.ts";

const LEADERS_TIMEOUT_MS = 10_000;
const ASK_AGAIN_MS = 50;

/** What is known about the broker's topics. A topic's shape never changes within a generation, so it is asked for once. */
export class PlatformaticTopics {
  readonly #admin: Admin;
  readonly #options: { replicationFactor: number; create: boolean };
  readonly #known = new Map<string, ExistingTopic>();

  constructor(admin: Admin, options: { replicationFactor: number; create: boolean }) {
    this.#admin = admin;
    this.#options = options;
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    const names = new Set(await this.#ask("listing topics", () => this.#admin.listTopics()));
    const existing = new Map<string, ExistingTopic>();
    for (const { name } of specs) if (names.has(name)) existing.set(name, await this.get(name));
    const missing = checkSpecs(specs, (name) => existing.get(name));
    if (missing.length === 0) return;
    if (!this.#options.create) {
      throw streamError(
        "TRIPLINE_STREAM_TOPIC_UNKNOWN",
        `Kafka has no ${missing.map(({ name }) => name).join(", ")}: run \`tripline topics apply\``,
      );
    }
    await this.#ask("creating topics", async () => {
      // The settings are one for all topics of a call.
      for (const spec of missing) {
        await this.#admin.createTopics({
          topics: [spec.name],
          partitions: spec.partitions,
          replicas: this.#options.replicationFactor,
          configs: Object.entries(topicSettings(spec)).map(([name, value]) => ({ name, value })),
        });
      }
      await this.#leaders(missing.map(({ name }) => name));
    });
  }

  /** @throws TriplineError TRIPLINE_STREAM_TOPIC_UNKNOWN */
  async get(name: string): Promise<ExistingTopic> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = await this.#ask(`looking for ${name}`, async () => {
      const names = await this.#admin.listTopics();
      if (!names.includes(name)) return null;
      const [{ topics }, [config]] = await Promise.all([
        this.#admin.metadata({ topics: [name], forceUpdate: true }),
        this.#admin.describeConfigs({
          resources: [
            {
              resourceType: ConfigResourceTypes.TOPIC,
              resourceName: name,
              configurationKeys: ["cleanup.policy"],
            },
          ],
        }),
      ]);
      return {
        partitions: topics.get(name)?.partitionsCount ?? 0,
        policy: config?.configs.find((entry) => entry.name === "cleanup.policy")?.value,
      };
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

  async #leaders(names: string[]): Promise<void> {
    const deadline = Date.now() + LEADERS_TIMEOUT_MS;
    while (names.length > 0) {
      const { topics } = await this.#admin.metadata({ topics: names, forceUpdate: true });
      if ([...topics.values()].every((topic) => topic.partitions.every(({ leader }) => leader >= 0))) return;
      if (Date.now() > deadline) return;
      await delay(ASK_AGAIN_MS);
    }
  }

  async #ask<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw fromPlatformatic(error, what);
    }
  }
}
