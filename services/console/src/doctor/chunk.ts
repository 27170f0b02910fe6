import type { Log, LogRecord } from "@tripline/stream";
import type { Counts, Finding } from "./lines.ts";

/** Positions of one partition that are compared together, and what the log holds there. */
export interface Chunk {
  topic: string;
  generation: string;
  partition: number;
  /** From `from` up to, and without, `to`. */
  from: number;
  to: number;
  records: readonly LogRecord[];
}

/** What became of a chunk. */
export interface Compared {
  findings: Finding[];
  counts: Counts;
  /** Positions without a row that may have a dead letter which is not archived yet. */
  untold: number;
  /** Least and greatest time of the rows, as the table has it; null without rows. */
  times: { first: string; last: string } | null;
}

export type Compare = (chunk: Chunk, signal: AbortSignal) => Promise<Compared>;

const MAX_RECORDS = 1_000; // some ms of this process's one thread, which takes records meanwhile
const MAX_BYTES = 2 * 1024 * 1024;

class Enough extends Error {}

/** The next chunk of a stretch: ends where it is full. @throws TriplineError TRIPLINE_STREAM_OUT_OF_RANGE when retention took its start */
export async function readChunk(
  log: Log,
  { topic, partition, from, to }: { topic: string; partition: number; from: number; to: number },
): Promise<Chunk> {
  const records: LogRecord[] = [];
  let bytes = 0;
  const enough = new Enough();
  try {
    await log.scan({ topic, partition, from, to: Math.min(to, from + MAX_RECORDS) }, async (batch) => {
      for (const record of batch) {
        records.push(record);
        bytes += record.value?.byteLength ?? 0;
      }
      if (bytes >= MAX_BYTES) throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
    const last = records.at(-1);
    return { topic, generation: log.generation, partition, from, to: (last?.offset ?? from) + 1, records };
  }
  return {
    topic,
    generation: log.generation,
    partition,
    from,
    to: Math.min(to, from + MAX_RECORDS),
    records,
  };
}
