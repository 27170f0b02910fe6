import { TOPICS } from "@tripline/events";
import type { Store } from "@tripline/store";
import type { Finding } from "./lines.ts";

const ROWS_AT_ONCE = 1_000_000; // some 100 MB in the engine while they are grouped
const DAY_MS = 24 * 3600 * 1000;

/** Days whose rows are grouped together, or a part of a day that has more rows than that. */
interface Window {
  since: string;
  until: string;
  part: number;
  parts: number;
}

/**
 * Ids of records that several rows have, at different positions, over all that is stored or within `times`. Rows of one
 * record have one time, because it is part of the envelope; one whose time was changed is found by its position.
 */
export async function* doubledIds(
  store: Store,
  times: { first: string; last: string } | null,
  signal: AbortSignal,
): AsyncGenerator<{ findings: Finding[]; done: number; of: number }> {
  const windows = times === null ? windowsOf(await store.reconcile.days({ signal })) : [within(times)];
  for (const [index, window] of windows.entries()) {
    signal.throwIfAborted();
    const ids = await store.reconcile.doubledIds(window, { signal });
    const places = await store.reconcile.knownRecords(ids, { signal });
    const findings = ids.flatMap(({ tenant, id, time }): Finding[] => {
      const rows = (places.get(id) ?? []).map(
        ({ generation, partition, offset }) => `${generation}/${partition}/${offset}`,
      );
      const first = places.get(id)?.[0];
      return first === undefined
        ? []
        : [
            {
              kind: "doubled",
              topic: TOPICS.events,
              partition: first.partition,
              offset: null,
              what: `one id, ${rows.length} rows`,
              tenant,
              id,
              time,
              rows,
            },
          ];
    });
    yield { findings, done: index + 1, of: windows.length };
  }
}

function within({ first, last }: { first: string; last: string }): Window {
  return { since: first, until: new Date(Date.parse(last) + 1).toISOString(), part: 0, parts: 1 };
}

/** @param days oldest first */
export function windowsOf(days: readonly { day: string; rows: number }[]): Window[] {
  const windows: Window[] = [];
  let open: { since: string; until: string; rows: number } | null = null;
  const close = () => {
    if (open === null) return;
    const parts = Math.max(1, Math.ceil(open.rows / ROWS_AT_ONCE));
    const { since, until } = open;
    for (let part = 0; part < parts; part++) windows.push({ since, until, part, parts });
    open = null;
  };
  for (const { day, rows } of days) {
    const start = Date.parse(`${day}T00:00:00.000Z`);
    const until = new Date(start + DAY_MS).toISOString();
    if (open !== null && open.rows + rows > ROWS_AT_ONCE) close();
    open =
      open === null
        ? { since: new Date(start).toISOString(), until, rows }
        : { since: open.since, until, rows: open.rows + rows };
  }
  close();
  return windows;
}
