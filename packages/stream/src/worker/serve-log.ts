import type { MessagePort } from "node:worker_threads";
import { assignmentLost } from "../errors.ts";
import type {
  Assignment,
  Consumer,
  Log,
  PartitionReader,
  TableEntry,
  TableReader,
  TopicSpec,
} from "../log.ts";
import { Channel } from "./channel.ts";
import { packRecords, sendError, unpackValues } from "./messages.ts";
import type { ConsumeRequest, LogCalls, PackedNewRecords, ReaderCalls } from "./protocol.ts";

/**
 * Lets the thread at the other end of the port use this log, through `connectLog`. When that end closes or its thread
 * dies, what it had open here is closed; the log itself stays open.
 */
export function serveLog(log: Log, port: MessagePort): { close(): Promise<void> } {
  const consumers = new Map<number, Consumer>();
  const tables = new Map<number, TableReader>();
  const assignments = new Map<number, Assignment>();
  let nextAssignment = 0;
  let ending: Promise<void> | null = null;

  const channel = new Channel<ReaderCalls>(
    port,
    {
      generation: () => log.generation,
      ensureTopics: (specs: readonly TopicSpec[]) => log.ensureTopics(specs),
      partitionCount: (topic: string) => log.partitionCount(topic),
      produce: ({ topic, values, lengths, records }: PackedNewRecords) => {
        const unpacked = unpackValues(values, lengths);
        return log.produce(
          topic,
          records.map((record, i) => ({ ...record, value: unpacked[i] ?? null })),
        );
      },
      consume,
      closeConsumer: (id: number) => consumers.get(id)?.close(),
      commit: async ({ assignment, offset, metadata }: LogCalls["commit"]["args"]) => {
        const owned = assignments.get(assignment);
        if (owned === undefined) throw assignmentLost("the topic", -1);
        await owned.commit(offset, metadata);
      },
      readTable,
      closeTable: (id: number) => tables.get(id)?.close(),
      scan: ({ scan, range }: LogCalls["scan"]["args"]) =>
        log.scan(range, async (records) => {
          const batch = packRecords(records);
          await channel.call("scanned", { scan, batch }, [batch.values.buffer]);
        }),
      offsets: (topic: string) => log.offsets(topic),
      committed: ({ topic, group }: LogCalls["committed"]["args"]) => log.committed(topic, group),
      ping: () => log.ping(),
    },
    () => void end(),
  );

  async function consume({ consumer: id, ...options }: ConsumeRequest): Promise<void> {
    const consumer = await log.consume({ ...options, onAssigned: (assignment) => assigned(id, assignment) });
    consumers.set(id, consumer);
    const ended = (error: unknown) => {
      consumers.delete(id);
      channel.note("consumerEnded", { consumer: id, error: error === null ? null : sendError(error) });
    };
    consumer.ended.then(() => ended(null), ended);
    if (ending !== null) await consumer.close();
  }

  async function assigned(consumer: number, assignment: Assignment): Promise<PartitionReader> {
    const id = nextAssignment++;
    assignments.set(id, assignment);
    assignment.signal.addEventListener("abort", () => channel.note("aborted", id), { once: true });
    const { topic, partition, committed, earliest } = assignment;
    const { startAt } = await channel.call("assigned", {
      consumer,
      assignment: id,
      topic,
      partition,
      committed,
      earliest,
    });
    return {
      ...(startAt === undefined ? {} : { startAt }),
      onBatch: async (records) => {
        const batch = packRecords(records);
        await channel.call("batch", { assignment: id, batch }, [batch.values.buffer]);
      },
      onClosing: async () => {
        if (ending === null) await channel.call("closing", id);
      },
      onLost: () => {
        assignments.delete(id);
        channel.note("lost", id);
      },
    };
  }

  async function readTable({ table: id, topic, from }: LogCalls["readTable"]["args"]): Promise<void> {
    let waiting: TableEntry[] = [];
    const flush = () => {
      if (waiting.length > 0) channel.note("entries", { table: id, entries: waiting });
      waiting = [];
    };
    const onEntry = (entry: TableEntry): void => {
      // A copy: the value may be a view of a buffer that holds much more.
      waiting.push({ ...entry, value: entry.value === null ? null : Uint8Array.from(entry.value) });
      if (waiting.length === 1) queueMicrotask(flush); // what comes in one go travels in one message
    };
    const table = await (from === "start" ? log.readTable(topic, onEntry) : log.follow(topic, onEntry));
    tables.set(id, table);
    table.loaded.then(
      () => {
        flush();
        channel.note("tableLoaded", { table: id, error: null });
      },
      (error: unknown) => channel.note("tableLoaded", { table: id, error: sendError(error) }),
    );
    const ended = (error: unknown) => {
      tables.delete(id);
      channel.note("tableEnded", { table: id, error: error === null ? null : sendError(error) });
    };
    table.ended.then(() => ended(null), ended);
    if (ending !== null) await table.close();
  }

  function end(): Promise<void> {
    ending ??= (async () => {
      await Promise.all([...consumers.values(), ...tables.values()].map((reader) => reader.close()));
    })();
    return ending;
  }

  return {
    close: async () => {
      channel.close();
      await end();
    },
  };
}
