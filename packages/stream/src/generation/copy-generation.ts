import { TOPICS } from "@tripline/events";
import { recordBytes } from "../limits.ts";
import type { Log, NewRecord } from "../log.ts";
import { copiedHeaders } from "../runner/marks.ts";
import { COPY_RULES, type CopyRule, copiesOf } from "./copies.ts";
import { FOLLOWERS, type Follower, followerLags, offsetsOf } from "./followers.ts";
import { appendTimeAt, firstSince } from "./history-start.ts";
import { readInTimeOrder } from "./read-in-time-order.ts";

const MAX_CALL_RECORDS = 500;
const MAX_CALL_BYTES = 700_000; // one request of a broker's default size, whatever the partitions
const REPORT_EVERY_RECORDS = 50_000;

export interface CopyOptions {
  /** In the names of its generation; nobody writes to it any more. */
  source: Log;
  /** Empty, with all topics made. */
  target: Log;
  /** How much of what is worked off goes along, ms before the last event. */
  historyMs: number;
  /** Groups beside Tripline's own, e.g. those of notifiers. */
  moreFollowers?: readonly Follower[];
  onProgress?(topic: string, copied: number): void;
}

/** What was copied of one topic. */
export interface TopicCopy {
  topic: string;
  /** Records written to the target. */
  records: number;
  /** Of these, records that someone has yet to work off. */
  unread: number;
}

/** Copies what the next generation needs, each key's records in their order and all by append time. */
export async function copyGeneration(options: CopyOptions): Promise<TopicCopy[]> {
  const { source, historyMs } = options;
  const since = (await lastAppendTime(source, TOPICS.events)) - historyMs;
  const copies: TopicCopy[] = [
    await copyTable(options, TOPICS.revocations),
    await copyTable(options, TOPICS.erasures),
    await copyTable(options, TOPICS.controls),
    await copyTable(options, TOPICS.upstream),
  ];
  for (const rule of COPY_RULES) copies.push(await copyTopic(options, rule, since));
  return copies;
}

async function copyTopic(options: CopyOptions, rule: CopyRule, since: number): Promise<TopicCopy> {
  const { source, target, moreFollowers = [], onProgress } = options;
  const { topic } = rule;
  const followers = [...FOLLOWERS, ...moreFollowers].filter((follower) => follower.topic === topic);
  const lags = await followerLags(source, followers);
  const stretches = await Promise.all(
    (await offsetsOf(source, topic)).map(async (bounds) => {
      const { partition, earliest, next } = bounds;
      const history =
        rule.history === "none"
          ? next
          : rule.history === "all"
            ? earliest
            : await firstSince(source, topic, bounds, since);
      const unread = lags.map((lag) => lag.next.get(partition) ?? next);
      return { partition, from: Math.min(history, ...unread), to: next, history };
    }),
  );
  const historyOf = new Map(stretches.map(({ partition, history }) => [partition, history]));
  const writer = new Batches(target, topic);
  const copy: TopicCopy = { topic, records: 0, unread: 0 };
  for await (const record of readInTimeOrder(source, topic, stretches)) {
    const { partition, offset } = record;
    const behind = lags.filter((lag) => (lag.next.get(partition) ?? 0) <= offset).map(({ group }) => group);
    const inHistory = offset >= (historyOf.get(partition) ?? 0);
    const records = copiesOf(record, { generation: source.generation, rule, behind, inHistory });
    for (const each of records) {
      await writer.add(each);
      copy.records++;
      if (copy.records % REPORT_EVERY_RECORDS === 0) onProgress?.(topic, copy.records);
    }
    if (behind.length > 0) copy.unread++;
  }
  await writer.flush();
  onProgress?.(topic, copy.records);
  return copy;
}

/** The whole table; what its follower has not stored yet as new entries. */
async function copyTable({ source, target, onProgress }: CopyOptions, topic: string): Promise<TopicCopy> {
  if ((await offsetsOf(source, topic)).length === 0) return { topic, records: 0, unread: 0 };
  const [lag] = await followerLags(
    source,
    FOLLOWERS.filter((follower) => follower.topic === topic),
  );
  const entries = new Map<string, NewRecord>();
  const copy: TopicCopy = { topic, records: 0, unread: 0 };
  const unread = new Set<string>();
  const table = await source.readTable(topic, ({ key, value, partition, offset, appendTime }) => {
    entries.delete(key);
    unread.delete(key);
    if (value === null) return;
    const isUnread = lag !== undefined && (lag.next.get(partition) ?? 0) <= offset;
    if (isUnread) unread.add(key);
    const mark = isUnread
      ? {}
      : copiedHeaders({ generation: source.generation, partition, offset, appendTime });
    entries.set(key, { key, value, headers: { "content-type": "application/json", ...mark } });
  });
  try {
    await table.loaded;
  } finally {
    await table.close();
  }
  const writer = new Batches(target, topic);
  for (const entry of entries.values()) await writer.add(entry);
  await writer.flush();
  copy.records = entries.size;
  copy.unread = unread.size;
  onProgress?.(topic, copy.records);
  return copy;
}

async function lastAppendTime(log: Log, topic: string): Promise<number> {
  const times = (await log.offsets(topic)).map(({ partition, earliest, next }) =>
    next > earliest ? appendTimeAt(log, topic, partition, next - 1) : 0,
  );
  return Math.max(...(await Promise.all(times)));
}

/** Records in their order, one call at a time. */
class Batches {
  readonly #log: Log;
  readonly #topic: string;
  #records: NewRecord[] = [];
  #bytes = 0;

  constructor(log: Log, topic: string) {
    this.#log = log;
    this.#topic = topic;
  }

  async add(record: NewRecord): Promise<void> {
    this.#records.push(record);
    this.#bytes += recordBytes(record);
    if (this.#records.length >= MAX_CALL_RECORDS || this.#bytes >= MAX_CALL_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    if (records.length > 0) await this.#log.produce(this.#topic, records);
  }
}
