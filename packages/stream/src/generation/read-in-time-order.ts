import type { Log, LogRecord } from "../log.ts";
import { asAppendedOnce } from "../runner/marks.ts";

/** A stretch of one partition. */
export interface Stretch {
  partition: number;
  from: number;
  to: number;
}

/**
 * The records of several partitions as one sequence: by append time (that of the original, for a copy), within a
 * partition in its order. What the result holds at any time is one batch of each partition.
 */
export async function* readInTimeOrder(
  log: Pick<Log, "scan">,
  topic: string,
  stretches: readonly Stretch[],
): AsyncGenerator<LogRecord> {
  const readers = stretches.filter(({ from, to }) => from < to).map((stretch) => pulled(log, topic, stretch));
  try {
    const heads = await Promise.all(readers.map((reader) => reader.next()));
    for (;;) {
      let first = -1;
      let time = Number.POSITIVE_INFINITY;
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue;
        const appended = asAppendedOnce(head.value).appendTime;
        if (appended >= time) continue;
        time = appended;
        first = index;
      }
      const reader = readers[first];
      const head = heads[first];
      if (reader === undefined || head === undefined || head.done === true) return;
      yield head.value;
      heads[first] = await reader.next();
    }
  } finally {
    await Promise.all(readers.map((reader) => reader.return(undefined)));
  }
}

/** Said to a scan whose reader wants no more. Never leaves this file. */
class Enough extends Error {
  override readonly name = "Enough";
}

async function* pulled(
  log: Pick<Log, "scan">,
  topic: string,
  stretch: Stretch,
): AsyncGenerator<LogRecord, undefined> {
  let offered = Promise.withResolvers<LogRecord[] | null>();
  let taken = Promise.withResolvers<void>();
  const scan = log
    .scan({ topic, ...stretch }, (records) => {
      taken = Promise.withResolvers();
      offered.resolve(records);
      return taken.promise;
    })
    .then(
      () => offered.resolve(null),
      (error: unknown) => offered.reject(error),
    );
  try {
    for (;;) {
      const records = await offered.promise;
      if (records === null) return;
      offered = Promise.withResolvers();
      yield* records;
      taken.resolve();
    }
  } finally {
    offered.promise.catch(() => undefined); // nobody waits for it any more
    taken.promise.catch(() => undefined); // nor for this, when the scan has ended
    taken.reject(new Enough());
    await scan;
  }
}
