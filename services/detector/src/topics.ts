import { EVENTS_RETENTION_MS, TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import type { TopicSpec } from "@tripline/stream";

/** The topics that the detector reads and writes. */
export function detectorTopics(partitions: number): TopicSpec[] {
  const names = [TOPICS.events, TOPICS.facts, TOPICS.alerts, TOPICS.state, TOPICS.deadLetters];
  return names.map((name) => {
    const cleanup = TOPIC_CLEANUP[name];
    return {
      name,
      partitions,
      cleanup,
      ...(cleanup === "delete" ? { retentionMs: EVENTS_RETENTION_MS } : {}),
    };
  });
}
