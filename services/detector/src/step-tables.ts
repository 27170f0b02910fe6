import type { StateTables } from "@tripline/detection";
import type { PartitionStep } from "@tripline/stream";

/** The tables as a step's state; `loaded` works out what hangs on them, once they hold what was stored. */
export function stepState(tables: StateTables, loaded: () => void): NonNullable<PartitionStep["state"]> {
  return {
    begin: (keepFrom) => tables.begin(keepFrom),
    drain: (write, more) => tables.drain(write, more),
    live: (segment) => tables.live(segment),
    load(entries) {
      tables.load(entries);
      loaded();
    },
  };
}
