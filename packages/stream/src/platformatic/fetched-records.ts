import type { fetchV17 } from "@platformatic/kafka";
import type { LogRecord } from "../log.ts";

const LOG_APPEND_TIME = 1 << 3;
const CONTROL = 1 << 5;
const ABORT_MARKER = 0;

/**
 * The records of one partition in a fetch response from `from` on, without those of aborted transactions, and the offset
 * to fetch next. The library's own filter forgets transactions that end in a later response.
 */
export function toRecords(
  topic: string,
  fetched: fetchV17.FetchResponsePartition,
  from: number,
): { records: LogRecord[]; next: number; bytes: number } {
  const { partitionIndex: partition } = fetched;
  const records: LogRecord[] = [];
  let next = from;
  let bytes = 0;
  const aborted = [...(fetched.abortedTransactions ?? [])].sort((a, b) =>
    Number(a.firstOffset - b.firstOffset),
  );
  const aborting = new Set<bigint>();
  for (const batch of fetched.records ?? []) {
    const base = Number(batch.firstOffset);
    const last = base + batch.lastOffsetDelta;
    while (aborted[0] !== undefined && Number(aborted[0].firstOffset) <= last) {
      const first = aborted.shift();
      if (first !== undefined) aborting.add(first.producerId);
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === ABORT_MARKER) aborting.delete(batch.producerId);
    } else if (!(aborting.has(batch.producerId) && (batch.attributes & (1 << 4)) !== 0)) {
      const firstTime = Number(batch.firstTimestamp);
      const appended = (batch.attributes & LOG_APPEND_TIME) !== 0 ? Number(batch.maxTimestamp) : null;
      for (const one of batch.records) {
        const offset = base + one.offsetDelta;
        if (offset < from) continue;
        const headers: Record<string, string> = {};
        for (const [name, value] of one.headers) {
          if (name !== null && value !== null) headers[name.toString()] = value.toString();
        }
        bytes += one.value?.byteLength ?? 0;
        records.push({
          topic,
          partition,
          offset,
          appendTime: appended ?? firstTime + Number(one.timestampDelta),
          key: one.key === null ? null : one.key.toString(),
          value: one.value,
          headers,
        });
      }
    }
    next = Math.max(next, last + 1);
  }
  return { records, next, bytes };
}
