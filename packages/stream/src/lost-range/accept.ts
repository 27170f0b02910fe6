import { streamError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type LostRange, lostBefore } from "./lost-range.ts";

const JOIN_TIMEOUT_MS = 20_000; // a group that just lost its last member takes a session's length to notice

export interface GroupPartition {
  topic: string;
  partition: number;
  group: string;
}

/** What the group would have to skip in the partition to go on; null when nothing is missing. */
export async function findLostRange(
  log: Log,
  { topic, partition, group }: GroupPartition,
): Promise<LostRange | null> {
  const committed = (await log.committed(topic, group)).get(partition);
  const bounds = (await log.offsets(topic)).find((each) => each.partition === partition);
  if (bounds === undefined) {
    throw streamError("TRIPLINE_STREAM_CONFIG", `${topic} has no partition ${partition}`);
  }
  return committed === undefined ? null : lostBefore({ topic, partition }, committed.offset, bounds);
}

/**
 * Lets the group go on behind a lost range, by an operator's decision: commits, as a member of the group, the offset after
 * which nothing is missing, without metadata. What the group keeps by its commits (a detector's state, an archiver's
 * announced range) begins anew in that partition.
 * @throws TriplineError TRIPLINE_STREAM_CONFIG when what is lost by now is not exactly `range`;
 * TRIPLINE_STREAM_UNAVAILABLE while the group has other members: stop them first
 */
export async function acceptLostRange(
  log: Log,
  where: GroupPartition,
  range: { from: number; to: number },
): Promise<void> {
  const { topic, partition, group } = where;
  const lost = await findLostRange(log, where);
  if (lost === null || lost.from !== range.from || lost.to !== range.to) {
    const now = lost === null ? "nothing is" : `${lost.from} to ${lost.to - 1} are`;
    throw streamError(
      "TRIPLINE_STREAM_CONFIG",
      `${now} lost in ${topic}/${partition} for ${group}, not ${range.from} to ${range.to - 1}: look again before accepting`,
    );
  }
  const done = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const consumer = await log.consume({
    topic,
    group,
    onAssigned: async (assignment) => {
      if (assignment.partition === partition) {
        await assignment.commit(lost.how === "removed" ? lost.to : lost.from).then(done.resolve, done.reject);
      }
      // Nothing is worked off: what is handed out waits until this member leaves, and is not committed.
      return { startAt: assignment.earliest, onBatch: () => released.promise };
    },
  });
  const timer = setTimeout(() => {
    const message = `${group} is in use, and its members hold ${topic}/${partition}: stop them, then accept again`;
    done.reject(streamError("TRIPLINE_STREAM_UNAVAILABLE", message));
  }, JOIN_TIMEOUT_MS);
  try {
    done.promise.catch(() => undefined); // heard of below, unless the consumer ended first
    await Promise.race([done.promise, consumer.ended]);
  } finally {
    clearTimeout(timer);
    released.resolve();
    await consumer.close();
  }
}
