import type { Log } from "@tripline/stream";

/** What a first look reads of each partition: heartbeats of the last minutes at 1,000 records/s and more. */
export const NEAR_END_RECORDS = 50_000;

/**
 * Lets a group that never committed begin near the end of a topic: what is older says nothing about who lives now, and a week of
 * records takes minutes to read. Does nothing for partitions with a commit, or a short history.
 */
export async function startNearEnd(log: Log, topic: string, group: string): Promise<void> {
  const committed = await log.committed(topic, group);
  const starts = new Map<number, number>();
  for (const { partition, earliest, next } of await log.offsets(topic)) {
    if (!committed.has(partition) && next - earliest > NEAR_END_RECORDS)
      starts.set(partition, next - NEAR_END_RECORDS);
  }
  if (starts.size === 0) return;
  const done = Promise.withResolvers<void>();
  const consumer = await log.consume({
    topic,
    group,
    onAssigned: async (assignment) => {
      const start = starts.get(assignment.partition);
      if (start !== undefined && assignment.committed === null) await assignment.commit(start);
      starts.delete(assignment.partition);
      if (starts.size === 0) done.resolve();
      return { onBatch: () => done.promise };
    },
  });
  // Another responder of the group may have been given the rest: it does the same there.
  const others = setTimeout(() => done.resolve(), OTHERS_MS);
  await Promise.race([done.promise, consumer.ended]);
  clearTimeout(others);
  await consumer.close();
}

const OTHERS_MS = 10_000; // a join of a Kafka group takes some three seconds
