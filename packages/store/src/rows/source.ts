/** Where in the log a row comes from. All a row says beside it is in the record itself: nothing is the archiver's. */
export interface RowSource {
  generation: string;
  partition: number;
  offset: number;
  /** ms since the epoch, the log's clock */
  appendTime: number;
}

export const SOURCE_COLUMNS = ["generation", "source_partition", "source_offset", "append_time"] as const;

export function sourceValues(source: RowSource): unknown[] {
  return [source.generation, source.partition, source.offset, isoTime(source.appendTime)];
}

let lastMs = -1;
let lastIso = "";

/** RFC 3339 of ms since the epoch; neighbours in a batch mostly share it. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms;
    lastIso = new Date(ms).toISOString();
  }
  return lastIso;
}
