import type { MessagePort } from "node:worker_threads";
import { assignmentLost, closedError, hasCode } from "../errors.ts";
import { checkMetadata } from "../limits.ts";
import type {
  ConsumeOptions,
  Consumer,
  Log,
  LogRecord,
  NewRecord,
  PartitionReader,
  ScanRange,
  TableEntry,
  TableReader,
} from "../log.ts";
import { Channel } from "./channel.ts";
import { packValues, receiveError, type SentError, sendError, unpackRecords } from "./messages.ts";
import type { LogCalls, ReaderCalls } from "./protocol.ts";

interface RemoteConsumer {
  options: ConsumeOptions;
  end: PromiseWithResolvers<void>;
  /** A reader's own error, to be handed back as it was. */
  failure: { error: unknown } | null;
}

interface RemoteAssignment {
  consumer: RemoteConsumer;
  lost: AbortController;
  reader: PartitionReader | null;
}

interface RemoteScan {
  onBatch(records: LogRecord[]): Promise<void>;
  failure: { error: unknown } | null;
}

interface RemoteTable {
  onEntry(entry: TableEntry): void;
  load: PromiseWithResolvers<void>;
  end: PromiseWithResolvers<void>;
  failure: { error: unknown } | null;
}

/**
 * A log that another thread owns and serves with `serveLog`. `close` ends what this side had open, not the log.
 * Resolves when the other side has answered.
 */
export async function connectLog(port: MessagePort): Promise<Log> {
  const consumers = new Map<number, RemoteConsumer>();
  const assignments = new Map<number, RemoteAssignment>();
  const tables = new Map<number, RemoteTable>();
  const scans = new Map<number, RemoteScan>();
  let nextId = 0;
  let closing: Promise<void> | null = null;

  const channel = new Channel<LogCalls>(
    port,
    {
      assigned,
      batch: async ({ assignment, batch }: ReaderCalls["batch"]["args"]) => {
        const owned = assignments.get(assignment);
        await guarded(owned?.consumer, () => owned?.reader?.onBatch(unpackRecords(batch)));
      },
      closing: async (id: number) => {
        const owned = assignments.get(id);
        await guarded(owned?.consumer, () => owned?.reader?.onClosing?.());
      },
      aborted: (id: number) => assignments.get(id)?.lost.abort(),
      lost,
      consumerEnded: ({ consumer: id, error }: ReaderCalls["consumerEnded"]["args"]) => {
        const consumer = consumers.get(id);
        consumers.delete(id);
        if (consumer !== undefined) settle(consumer.end, consumer.failure, error);
      },
      scanned: async ({ scan: id, batch }: ReaderCalls["scanned"]["args"]) => {
        const scan = scans.get(id);
        try {
          await scan?.onBatch(unpackRecords(batch));
        } catch (error) {
          if (scan !== undefined) scan.failure = { error };
          throw error;
        }
      },
      entries: ({ table: id, entries }: ReaderCalls["entries"]["args"]) => {
        const table = tables.get(id);
        if (table === undefined || table.failure !== null) return;
        try {
          for (const entry of entries) table.onEntry(entry);
        } catch (error) {
          table.failure = { error };
          void channel.call("closeTable", id).catch(() => undefined); // the table ends with `failure`
        }
      },
      tableLoaded: ({ table: id, error }: ReaderCalls["tableLoaded"]["args"]) => {
        const table = tables.get(id);
        if (table !== undefined) settle(table.load, table.failure, error);
      },
      tableEnded: ({ table: id, error }: ReaderCalls["tableEnded"]["args"]) => {
        const table = tables.get(id);
        tables.delete(id);
        if (table === undefined) return;
        settle(table.load, table.failure, error);
        settle(table.end, table.failure, error);
      },
    },
    () => {
      for (const id of [...assignments.keys()]) lost(id);
      const gone = closing === null ? sendError(closedError()) : null; // the owner's thread went away by itself
      for (const { end, failure } of consumers.values()) settle(end, failure, gone);
      for (const { load, end, failure } of tables.values()) {
        settle(load, failure, gone);
        settle(end, failure, gone);
      }
    },
  );

  async function assigned(args: ReaderCalls["assigned"]["args"]): Promise<{ startAt?: number }> {
    const { assignment: id, topic, partition, committed, earliest } = args;
    const consumer = consumers.get(args.consumer);
    if (consumer === undefined) throw assignmentLost(topic, partition);
    const owned: RemoteAssignment = { consumer, lost: new AbortController(), reader: null };
    assignments.set(id, owned);
    const { signal } = owned.lost;
    const reader = await guarded(consumer, () =>
      consumer.options.onAssigned({
        topic,
        partition,
        committed,
        earliest,
        signal,
        commit: async (offset, metadata = "") => {
          checkMetadata(metadata);
          if (signal.aborted) throw assignmentLost(topic, partition);
          await channel.call("commit", { assignment: id, offset, metadata });
        },
      }),
    );
    owned.reader = reader;
    if (!assignments.has(id)) reader.onLost?.(); // lost while it was made ready
    return reader.startAt === undefined ? {} : { startAt: reader.startAt };
  }

  function lost(id: number): void {
    const owned = assignments.get(id);
    assignments.delete(id);
    owned?.lost.abort();
    owned?.reader?.onLost?.();
  }

  async function consume(options: ConsumeOptions): Promise<Consumer> {
    const id = nextId++;
    const consumer: RemoteConsumer = { options, end: Promise.withResolvers(), failure: null };
    consumers.set(id, consumer);
    consumer.end.promise.catch(() => undefined); // whoever cares awaits `ended`
    const { onAssigned: _, ...request } = options;
    try {
      await channel.call("consume", { consumer: id, ...request });
    } catch (error) {
      consumers.delete(id);
      throw error;
    }
    return {
      ended: consumer.end.promise,
      close: async () => {
        if (!consumers.has(id)) return;
        await channel.call("closeConsumer", id);
      },
    };
  }

  async function readTable(
    topic: string,
    from: "start" | "end",
    onEntry: (entry: TableEntry) => void,
  ): Promise<TableReader> {
    const id = nextId++;
    const table: RemoteTable = {
      onEntry,
      load: Promise.withResolvers(),
      end: Promise.withResolvers(),
      failure: null,
    };
    tables.set(id, table);
    for (const { promise } of [table.load, table.end]) promise.catch(() => undefined); // whoever cares awaits them
    try {
      await channel.call("readTable", { table: id, topic, from });
    } catch (error) {
      tables.delete(id);
      throw error;
    }
    return {
      loaded: table.load.promise,
      ended: table.end.promise,
      close: async () => {
        if (!tables.has(id)) return;
        await channel.call("closeTable", id);
      },
    };
  }

  async function scan(range: ScanRange, onBatch: RemoteScan["onBatch"]): Promise<void> {
    const id = nextId++;
    const reading: RemoteScan = { onBatch, failure: null };
    scans.set(id, reading);
    try {
      await channel.call("scan", { scan: id, range });
    } catch (error) {
      throw reading.failure === null ? error : reading.failure.error;
    } finally {
      scans.delete(id);
    }
  }

  return {
    generation: await channel.call("generation", null),
    ensureTopics: (specs) => channel.call("ensureTopics", specs),
    partitionCount: (topic) => channel.call("partitionCount", topic),
    produce: (topic, records) => {
      const { packed: values, lengths } = packValues(records.map(({ value }) => value));
      const rest = records.map(({ value: _, ...record }: NewRecord) => record);
      return channel.call("produce", { topic, values, lengths, records: rest }, [values.buffer]);
    },
    consume,
    readTable: (topic, onEntry) => readTable(topic, "start", onEntry),
    follow: (topic, onEntry) => readTable(topic, "end", onEntry),
    scan,
    offsets: (topic) => channel.call("offsets", topic),
    committed: (topic, group) => channel.call("committed", { topic, group }),
    ping: () => channel.call("ping", null),
    close: () => {
      closing ??= (async () => {
        await Promise.all([
          ...[...consumers.keys()].map((id) => channel.call("closeConsumer", id)),
          ...[...tables.keys()].map((id) => channel.call("closeTable", id)),
        ]);
        channel.close();
      })();
      return closing;
    },
  };
}

/** Keeps a reader's own error, so that `ended` rejects with it and not with a copy that crossed twice. */
async function guarded<T>(consumer: RemoteConsumer | undefined, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // A lost partition does not end the consumer, so it is not what it ended with.
    if (consumer !== undefined && !hasCode(error, "TRIPLINE_STREAM_ASSIGNMENT_LOST"))
      consumer.failure ??= { error };
    throw error;
  }
}

function settle(
  promise: PromiseWithResolvers<void>,
  failure: { error: unknown } | null,
  error: SentError | null,
) {
  if (failure !== null) promise.reject(failure.error);
  else if (error !== null) promise.reject(receiveError(error));
  else promise.resolve();
}
