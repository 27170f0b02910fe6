import type { StateEntry, StateTables } from "./state-tables.ts";

/** Writes all of the tables and loads it into others. */
export function copyState(from: StateTables, into: StateTables): void {
  into.load(wholeState(from));
}

/** All that the tables hold, as one segment. */
export function wholeState(tables: StateTables): (StateEntry & { segment: number })[] {
  const segment = tables.begin(Number.POSITIVE_INFINITY);
  const entries: (StateEntry & { segment: number })[] = [];
  tables.drain(
    (entry) => entries.push({ ...entry, segment }),
    () => true,
  );
  return entries;
}
