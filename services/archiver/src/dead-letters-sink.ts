import {
  type RowSource,
  rowFromDeadLetter,
  rowFromDeadLetterBytes,
  rowFromDeadLetterDecision,
  type StoreWriter,
  type WritableTable,
} from "@tripline/store";
import type { LogRecord, PartitionSink, SinkRange } from "@tripline/stream";
import type { ArchiverMetrics } from "./archiver-metrics.ts";
import { readDeadLetter } from "./dead-letter-record.ts";
import { sourceOf } from "./source.ts";

/** In the order they are inserted: a letter that can be found has its bytes. */
const TABLES = ["dead_letter_bytes", "dead_letters", "dead_letter_decisions"] as const;

/**
 * One partition of the dead-letter topic → `dead_letter_bytes`, `dead_letters`, `dead_letter_decisions`. Rejects nothing:
 * what it rejected would come back to it.
 */
export function deadLettersSink(writer: StoreWriter, metrics: ArchiverMetrics): PartitionSink {
  return {
    async write(range, records) {
      const lines = new Map<WritableTable, string[]>(TABLES.map((table) => [table, []]));
      for (const record of withLettersOfReplays(range, records)) {
        for (const [table, line] of rowsOf(record, sourceOf(range, record), range.generation)) {
          lines.get(table)?.push(line);
        }
      }
      for (const [table, ofTable] of lines) {
        await writer.insert(range, { table, lines: ofTable });
        metrics.rows.inc({ table }, ofTable.length);
      }
      const newest = records.at(-1);
      if (newest !== undefined) metrics.archived(range.topic, range.partition, newest.appendTime);
      return [];
    },
  };
}

function rowsOf(record: LogRecord, source: RowSource, generation: string): [WritableTable, string][] {
  const read = readDeadLetter(record, generation);
  if (read.kind === "decision") {
    return [["dead_letter_decisions", rowFromDeadLetterDecision(read.decision, source)]];
  }
  return [
    ["dead_letter_bytes", rowFromDeadLetterBytes(read.letter, source)],
    ["dead_letters", rowFromDeadLetter(read.letter, source)],
  ];
}

/**
 * A letter has the headers of its original. Where that was a replay for another step, its mark says nothing about who is
 * to store the letter. A copy of a letter has its row from the log's earlier generation.
 */
function withLettersOfReplays(range: SinkRange, records: readonly LogRecord[]): LogRecord[] {
  const letters = range.setAside.flatMap(({ record, why }) =>
    why === "replayed_for_another" ? [record] : [],
  );
  return [...records, ...letters].sort((a, b) => a.offset - b.offset);
}
