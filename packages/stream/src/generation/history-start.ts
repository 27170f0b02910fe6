import type { Log } from "../log.ts";
import { asAppendedOnce } from "../runner/marks.ts";

interface Bounds {
  partition: number;
  earliest: number;
  next: number;
}

/** The append time of one record, ms since the epoch; that of the original, for a copy. */
export async function appendTimeAt(
  log: Pick<Log, "scan">,
  topic: string,
  partition: number,
  offset: number,
): Promise<number> {
  let time = 0;
  await log.scan({ topic, partition, from: offset, to: offset + 1 }, async ([record]) => {
    if (record !== undefined) time = asAppendedOnce(record).appendTime;
  });
  return time;
}

/** The first offset of a partition whose record was appended at `since` or later; `next` when there is none. */
export async function firstSince(
  log: Pick<Log, "scan">,
  topic: string,
  { partition, earliest, next }: Bounds,
  since: number,
): Promise<number> {
  let low = earliest;
  for (let high = next; low < high; ) {
    const middle = Math.floor((low + high) / 2);
    if ((await appendTimeAt(log, topic, partition, middle)) < since) low = middle + 1;
    else high = middle;
  }
  return low;
}
