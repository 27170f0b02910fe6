import type { StateEntry, StateTables } from "@tripline/detection";
import type { PartitionStep } from "@tripline/stream";

/**
 * The tables as a step's state. `before` makes the tables that the stored entries belong into; `after` works out what hangs
 * on them, once they hold what was stored.
 */
export function stepState(
  tables: StateTables,
  loading: { before(entries: readonly StateEntry[]): Promise<void>; after(): void },
): NonNullable<PartitionStep["state"]> {
  return {
    begin: (keepFrom) => tables.begin(keepFrom),
    drain: (write, more) => tables.drain(write, more),
    live: (segment) => tables.live(segment),
    async load(entries) {
      const all = [...entries];
      await loading.before(all);
      tables.load(all);
      loading.after();
    },
  };
}
