import { setTimeout as delay } from "node:timers/promises";
import {
  type Admin,
  type BaseOptions,
  type ConsumerGroupJoinPayload,
  Consumer as GroupMember,
  type offsetCommitV9,
} from "@platformatic/kafka";
import { fetchBytes } from "../fetch-bytes.ts";
import type { ConsumeOptions, Consumer } from "../log.ts";
import { REQUEST_TIMEOUT_MS } from "./client-options.ts";
import { fromPlatformatic } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { fetchBounds, fetchCommitted } from "./offsets.ts";
import { OwnedPartition } from "./owned-partition.ts";
import { connectionTo, offsetCommitApi } from "./requests.ts";

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 1000; // a member learns of one that joins or leaves by the answer to its next
const REBALANCE_TIMEOUT_MS = REQUEST_TIMEOUT_MS - 3000; // a join may be held up so long, and must be answered in time
const REJOIN_MS = 1000;
const LEAVE_TIMEOUT_MS = 5000;
const NO_EPOCH = -1;

/** One member of a Kafka consumer group. Each joining of the group makes fresh assignments; the old ones are lost. */
export class PlatformaticConsumer implements Consumer {
  readonly ended: Promise<void>;
  readonly #member: GroupMember;
  readonly #fetcher: Fetcher;
  readonly #admin: Admin;
  readonly #options: ConsumeOptions;
  readonly #topic: { partitions: number; compacted: boolean };
  readonly #end: { resolve(): void; reject(error: unknown): void };
  #owned = new Map<number, OwnedPartition>();
  readonly #before = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  #closing: Promise<void> | null = null;
  #joining = false;

  constructor(
    admin: Admin,
    client: BaseOptions,
    topic: { partitions: number; compacted: boolean },
    options: ConsumeOptions,
    sessionTimeoutMs = SESSION_TIMEOUT_MS,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    this.ended.catch(() => undefined); // whoever cares awaits `ended`; it must not end the process by itself
    this.#end = { resolve, reject };
    this.#admin = admin;
    this.#topic = topic;
    this.#options = options;
    this.#fetcher = new Fetcher(admin, client, options.topic, fetchBytes(options));
    this.#member = new GroupMember({
      ...client,
      groupId: options.group,
      autocommit: false,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.min(HEARTBEAT_MS, sessionTimeoutMs / 10),
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    });
  }

  async start(): Promise<void> {
    const { topic } = this.#options;
    this.#member.on("consumer:group:rebalance", () => this.#loseAll());
    this.#member.on("consumer:group:join", (payload) => this.#joined(payload));
    // After a join that failed the library sends no heartbeat any more, and tries nothing by itself.
    this.#member.on("error", () => void this.#rejoin());
    this.#member.topics.track(topic);
    try {
      await this.#member.joinGroup({});
    } catch (error) {
      this.#stop.abort();
      await this.#leave();
      throw fromPlatformatic(error, `consuming ${topic}`);
    }
  }

  close(): Promise<void> {
    return this.#close(null);
  }

  async #rejoin(): Promise<void> {
    this.#loseAll();
    if (this.#joining) return;
    this.#joining = true;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(REJOIN_MS, undefined, { signal }).catch(() => undefined); // closing: the loop ends
      if (signal.aborted) break;
      try {
        await this.#member.joinGroup({});
        break;
      } catch (cause) {
        const error = fromPlatformatic(cause, `joining group ${this.#options.group}`);
        if (error instanceof Error && "kind" in error && error.kind === "permanent") {
          this.#fail(error);
          break;
        }
      }
    }
    this.#joining = false;
  }

  #joined({ generationId = 0, memberId, assignments }: ConsumerGroupJoinPayload): void {
    this.#loseAll();
    const own = assignments?.find(({ topic }) => topic === this.#options.topic)?.partitions ?? [];
    for (const partition of own) this.#own(partition, generationId, memberId);
  }

  #own(partition: number, generation: number, memberId: string): void {
    if (this.#stop.signal.aborted) return;
    const { topic, group } = this.#options;
    const owned = new OwnedPartition({
      options: this.#options,
      partition,
      compacted: this.#topic.compacted,
      fetcher: this.#fetcher,
      before: this.#before.get(partition) ?? Promise.resolve(),
      fetchBounds: () => fetchBounds(this.#admin, topic, this.#topic.partitions),
      fetchCommitted: () => fetchCommitted(this.#admin, topic, group, this.#topic.partitions),
      commit: (offset, metadata) => this.#commit({ partition, generation, memberId, offset, metadata }),
      onError: (error) => this.#fail(fromPlatformatic(error, `consuming ${topic}`)),
    });
    this.#owned.set(partition, owned);
    owned.ready.catch((error: unknown) => this.#fail(fromPlatformatic(error, `joining group ${group}`)));
  }

  /** The library's own commit joins the group again when it is refused, and then commits under the new generation. */
  async #commit(what: {
    partition: number;
    generation: number;
    memberId: string;
    offset: number;
    metadata: string;
  }): Promise<void> {
    const coordinator = await this.#member.findGroupCoordinator();
    const broker =
      this.#member.currentMetadata?.brokers.get(coordinator) ??
      (await this.#member.metadata({ topics: [this.#options.topic] })).brokers.get(coordinator);
    if (broker === undefined) throw new Error(`coordinator ${coordinator} is not known`);
    const [api, connection] = await Promise.all([
      offsetCommitApi(this.#member),
      connectionTo(this.#member, broker),
    ]);
    const request: offsetCommitV9.OffsetCommitRequest = [
      this.#options.group,
      what.generation,
      what.memberId,
      null,
      [
        {
          name: this.#options.topic,
          partitions: [
            {
              partitionIndex: what.partition,
              committedOffset: BigInt(what.offset),
              committedLeaderEpoch: NO_EPOCH,
              committedMetadata: what.metadata,
            },
          ],
        },
      ],
    ];
    await api.async(connection, ...request);
  }

  #loseAll(): void {
    for (const [partition, owned] of this.#owned) this.#before.set(partition, owned.lose());
    this.#owned = new Map();
  }

  #fail(error: unknown): void {
    void this.#close({ error });
  }

  #close(failure: { error: unknown } | null): Promise<void> {
    this.#closing ??= (async () => {
      this.#stop.abort();
      let outcome = failure;
      try {
        await Promise.all([...this.#owned.values()].map((owned) => owned.finish(failure === null)));
      } catch (error) {
        outcome ??= { error };
      }
      this.#loseAll();
      await Promise.all(this.#before.values());
      await this.#leave();
      if (outcome === null) this.#end.resolve();
      else this.#end.reject(outcome.error);
    })();
    return this.#closing;
  }

  /** At the latest after 5 s the group is left behind, and notices by the silence. */
  async #leave(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LEAVE_TIMEOUT_MS);
    const leaving = Promise.allSettled([this.#member.close(true), this.#fetcher.close()]);
    await Promise.race([leaving, late]);
    clearTimeout(timer);
  }
}
