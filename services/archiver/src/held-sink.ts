import type { StoreWriter } from "@tripline/store";
import type { PartitionSink, RangeHold } from "@tripline/stream";

/**
 * A sink that looks before each insert whether its range is still its own. A process that was frozen for longer than the
 * store remembers tokens would otherwise insert, when it wakes, what its successor has inserted long ago.
 */
export function heldSink(writer: StoreWriter, open: (writer: StoreWriter) => PartitionSink): PartitionSink {
  let hold: RangeHold | null = null;
  const sink = open({
    ...writer,
    async insert(source, rows) {
      if (rows.lines.length > 0) await hold?.confirm();
      await writer.insert(source, rows);
    },
  });
  return {
    write(range, records, signal, ofRange) {
      hold = ofRange;
      return sink.write(range, records, signal, ofRange);
    },
    onLost: () => sink.onLost?.(),
  };
}
