import { EVENTS_RETENTION_MS, TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import type { TopicSpec } from "@tripline/stream";

const USED = [TOPICS.alerts, TOPICS.revocations, TOPICS.events, TOPICS.state, TOPICS.deadLetters];

/** The topics that the responder reads and writes. */
export function responderTopics(partitions: number): TopicSpec[] {
  return USED.map((name) => {
    const cleanup = TOPIC_CLEANUP[name];
    return {
      name,
      partitions,
      cleanup,
      ...(cleanup === "delete" ? { retentionMs: EVENTS_RETENTION_MS } : {}),
    };
  });
}
