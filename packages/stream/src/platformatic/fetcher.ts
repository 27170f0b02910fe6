import { setTimeout as delay } from "node:timers/promises";
import { type Base, type BaseOptions, ConnectionPool, type fetchV17 } from "@platformatic/kafka";
import type { LogRecord } from "../log.ts";
import { fromPlatformatic } from "./errors.ts";
import { toRecords } from "./fetched-records.ts";
import { apiOf } from "./requests.ts";

const MAX_WAIT_MS = 100; // as the kafkajs implementation
const MIN_BYTES = 1;
const MAX_BYTES = 50 * 1024 * 1024;
const READ_COMMITTED = 1;
const NO_SESSION = 0;
const NO_SESSION_EPOCH = -1;
const NO_EPOCH = -1;
/** Connections to each broker: while one waits for news, the other serves a partition that has just become hungry. */
const CONNECTIONS = 2;
const RETRY_MS = 100;
const MAX_RETRY_MS = 1000;

const OFFSET_OUT_OF_RANGE = 1;
const TOPIC_AUTHORIZATION_FAILED = 29;

/** Someone who reads one partition. */
export interface FetchTarget {
  readonly partition: number;
  /** The offset to fetch from; null while it wants nothing. */
  wanted(): number | null;
  /** `alone` says that the response held nothing for anybody: the partition has no more, up to its high watermark. */
  take(records: LogRecord[], next: number, bytes: number, alone: boolean): void;
  /** The offset wanted is not in the log. */
  outOfRange(): void;
  fail(error: unknown): void;
}

/** Fetches some partitions of one topic for their readers, beside any group, from whichever brokers lead them. */
export class Fetcher {
  readonly #client: Base<BaseOptions>;
  readonly #topic: string;
  /** The most that one answer brings of a partition. */
  readonly #partitionBytes: number;
  readonly #targets = new Set<FetchTarget>();
  readonly #flying = new Set<FetchTarget>();
  readonly #lanes: { pool: ConnectionPool; busy: Set<number> }[];
  readonly #closed = new AbortController();
  #leaders: { topicId: string; nodes: number[] } | null = null;
  #refreshing: Promise<void> | null = null;
  #failures = 0;
  #scheduled = false;

  constructor(client: Base<BaseOptions>, options: BaseOptions, topic: string, partitionBytes: number) {
    this.#client = client;
    this.#topic = topic;
    this.#partitionBytes = partitionBytes;
    this.#lanes = Array.from({ length: CONNECTIONS }, () => ({
      pool: new ConnectionPool(options.clientId, options),
      busy: new Set<number>(),
    }));
  }

  add(target: FetchTarget): void {
    this.#targets.add(target);
    this.wake();
  }

  remove(target: FetchTarget): void {
    this.#targets.delete(target);
  }

  /** A target may want something again. */
  wake(): void {
    if (this.#scheduled || this.#closed.signal.aborted) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#schedule();
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#targets.clear();
    await Promise.all(this.#lanes.map(({ pool }) => pool.close()));
  }

  #schedule(): void {
    if (this.#closed.signal.aborted || this.#targets.size === 0) return;
    const leaders = this.#leaders;
    if (leaders === null) {
      this.#refreshing ??= this.#refresh();
      return;
    }
    const byNode = new Map<number, { target: FetchTarget; from: number }[]>();
    for (const target of this.#targets) {
      if (this.#flying.has(target)) continue;
      const from = target.wanted();
      if (from === null) continue;
      const node = leaders.nodes[target.partition] ?? -1;
      const list = byNode.get(node);
      if (list === undefined) byNode.set(node, [{ target, from }]);
      else list.push({ target, from });
    }
    for (const [node, wants] of byNode) {
      const lane = this.#lanes.find(({ busy }) => !busy.has(node));
      if (lane === undefined) continue;
      lane.busy.add(node);
      for (const { target } of wants) this.#flying.add(target);
      void this.#fetch(lane.pool, node, leaders.topicId, wants).finally(() => {
        lane.busy.delete(node);
        for (const { target } of wants) this.#flying.delete(target);
        this.#schedule();
      });
    }
  }

  async #fetch(
    pool: ConnectionPool,
    node: number,
    topicId: string,
    wants: { target: FetchTarget; from: number }[],
  ): Promise<void> {
    try {
      const response = await this.#request(pool, node, topicId, wants);
      const alone = response.responses.every(({ partitions }) =>
        partitions.every(({ records }) => (records ?? []).length === 0),
      );
      let stale = false;
      for (const { partitions } of response.responses) {
        for (const part of partitions) {
          const want = wants.find(({ target }) => target.partition === part.partitionIndex);
          if (want === undefined || !this.#targets.has(want.target)) continue;
          if (!this.#hand(want, part, alone)) stale = true;
        }
      }
      if (stale) await this.#backOff();
      else this.#failures = 0;
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      await this.#backOff(error);
    }
  }

  /** False when the answer says that someone else leads the partition, or that it can't be read now. */
  #hand(
    { target, from }: { target: FetchTarget; from: number },
    part: fetchV17.FetchResponsePartition,
    alone: boolean,
  ): boolean {
    if (part.errorCode === OFFSET_OUT_OF_RANGE) {
      target.outOfRange();
      return true;
    }
    if (part.errorCode === TOPIC_AUTHORIZATION_FAILED) {
      target.fail(new Error("TOPIC_AUTHORIZATION_FAILED"));
      return true;
    }
    if (part.errorCode !== 0) return false;
    const { records, next, bytes } = toRecords(this.#topic, part, from);
    target.take(records, next, bytes, alone);
    return true;
  }

  async #request(
    pool: ConnectionPool,
    node: number,
    topicId: string,
    wants: { target: FetchTarget; from: number }[],
  ): Promise<fetchV17.FetchResponse> {
    const broker = this.#client.currentMetadata?.brokers.get(node);
    if (broker === undefined) throw new Error(`broker ${node} is not known`);
    const api = await apiOf<fetchV17.FetchRequest, fetchV17.FetchResponse>(this.#client, "Fetch");
    const connection = await pool.get(broker);
    const partitions = wants.map(({ target, from }) => ({
      partition: target.partition,
      fetchOffset: BigInt(from),
      partitionMaxBytes: this.#partitionBytes,
      currentLeaderEpoch: NO_EPOCH,
      lastFetchedEpoch: NO_EPOCH,
    }));
    return await new Promise<fetchV17.FetchResponse>((resolve, reject) => {
      api(
        connection,
        MAX_WAIT_MS,
        MIN_BYTES,
        MAX_BYTES,
        READ_COMMITTED,
        NO_SESSION,
        NO_SESSION_EPOCH,
        [{ topicId, partitions }],
        [],
        "",
        (error, response) => {
          // One partition's error comes as an error that carries the whole response.
          const carried = response ?? (error !== null && "response" in error ? error.response : undefined);
          if (isFetchResponse(carried) && carried.errorCode === 0) resolve(carried);
          else reject(error ?? new Error("no response"));
        },
      );
    });
  }

  async #backOff(error?: unknown): Promise<void> {
    this.#leaders = null;
    const wait = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
    const told = error === undefined ? undefined : fromPlatformatic(error, `reading ${this.#topic}`);
    if (told instanceof Error && "code" in told && told.code === "TRIPLINE_STREAM_REFUSED") {
      for (const target of this.#targets) target.fail(told);
    }
    await delay(wait, undefined, { signal: this.#closed.signal }).catch(() => undefined); // closed: nothing is left to do
  }

  async #refresh(): Promise<void> {
    try {
      const { topics } = await this.#client.metadata({ topics: [this.#topic], forceUpdate: true });
      const found = topics.get(this.#topic);
      if (found === undefined) throw new Error(`${this.#topic} is not known`);
      this.#leaders = { topicId: found.id, nodes: found.partitions.map(({ leader }) => leader) };
    } catch (error) {
      await this.#backOff(error);
    } finally {
      this.#refreshing = null;
      this.wake();
    }
  }
}

function isFetchResponse(value: unknown): value is fetchV17.FetchResponse {
  return typeof value === "object" && value !== null && "responses" in value && "errorCode" in value;
}
