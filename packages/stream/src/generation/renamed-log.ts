import type { Assignment, Log, LogRecord, PartitionReader } from "../log.ts";

/** How a topic that callers name is called in the log below. Must be reversible: `topic` of what is read is the caller's. */
export type Renaming = (topic: string) => string;

/** The same log with other names for its topics. Closing it closes the log below. */
export function renamedLog(log: Log, generation: string, rename: Renaming): Log {
  return {
    generation,
    ensureTopics: (specs) => log.ensureTopics(specs.map((spec) => ({ ...spec, name: rename(spec.name) }))),
    partitionCount: (topic) => log.partitionCount(rename(topic)),
    produce: (topic, records) => log.produce(rename(topic), records),
    consume: (options) =>
      log.consume({
        ...options,
        topic: rename(options.topic),
        onAssigned: async (assignment) => {
          const reader = await options.onAssigned(withTopic(assignment, options.topic));
          return readerFor(reader, options.topic);
        },
      }),
    readTable: (topic, onEntry) => log.readTable(rename(topic), onEntry),
    follow: (topic, onEntry) => log.follow(rename(topic), onEntry),
    scan: (range, onBatch) =>
      log.scan({ ...range, topic: rename(range.topic) }, (records) =>
        onBatch(records.map((record) => named(record, range.topic))),
      ),
    offsets: (topic) => log.offsets(rename(topic)),
    committed: (topic, group) => log.committed(rename(topic), group),
    ...(log.groups === undefined
      ? {}
      : { groups: async (topic) => (await log.groups?.(rename(topic))) ?? [] }),
    ping: () => log.ping(),
    close: () => log.close(),
  };
}

function withTopic(assignment: Assignment, topic: string): Assignment {
  const { partition, committed, earliest, signal } = assignment;
  const commit: Assignment["commit"] = (offset, metadata) => assignment.commit(offset, metadata);
  return { topic, partition, committed, earliest, signal, commit };
}

function readerFor(reader: PartitionReader, topic: string): PartitionReader {
  const { startAt } = reader;
  return {
    ...(startAt === undefined ? {} : { startAt }),
    onBatch: (records) => reader.onBatch(records.map((record) => named(record, topic))),
    onClosing: async () => {
      await reader.onClosing?.();
    },
    onLost: () => reader.onLost?.(),
  };
}

function named(record: LogRecord, topic: string): LogRecord {
  return { ...record, topic };
}
