import { setTimeout as delay } from "node:timers/promises";
import { TOPICS } from "@tripline/events";
import type { Store } from "@tripline/store";
import type { Log } from "@tripline/stream";
import type { Letters } from "./compare-events.ts";
import { archiverOf, partitionsOf } from "./positions.ts";

const WAIT_MS = 3_000; // letters are written before their record's range is committed, and archived within a second
const LOOK_EVERY_MS = 100;

/**
 * The dead letters of the archiver's steps. A letter may be on its topic and not in the store yet: where a position has
 * no other explanation, the archiver is given time to come to the letters' end.
 */
export function archivedLetters(store: Store, log: Log): Letters {
  return async ({ topic, ...stretch }, unexplained, signal) => {
    const from = { topic, step: archiverOf(topic) };
    const found = await store.reconcile.lettersAt(stretch, from, { signal });
    if (unexplained.every((offset) => found.has(offset))) return { offsets: found, isComplete: true };
    const ends = await partitionsOf(log, TOPICS.deadLetters);
    const deadline = performance.now() + WAIT_MS;
    let isComplete = await isArchived(log, ends);
    while (!isComplete && performance.now() < deadline) {
      await delay(LOOK_EVERY_MS, undefined, { signal });
      isComplete = await isArchived(log, ends);
    }
    return { offsets: await store.reconcile.lettersAt(stretch, from, { signal }), isComplete };
  };
}

async function isArchived(
  log: Log,
  ends: readonly { partition: number; earliest: number; next: number }[],
): Promise<boolean> {
  const committed = await log.committed(TOPICS.deadLetters, archiverOf(TOPICS.deadLetters));
  return ends.every(
    ({ partition, earliest, next }) => next === earliest || (committed.get(partition)?.offset ?? 0) >= next,
  );
}
