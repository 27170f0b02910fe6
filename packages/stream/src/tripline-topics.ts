import { EVENTS_RETENTION_MS, TOPIC_CLEANUP, TOPICS, VERDICTS_RETENTION_MS } from "@tripline/events";
import type { TopicSpec } from "./log.ts";

/** What Tripline's topics are created with; a service passes the names of those it reads and writes. */
export function triplineTopics(
  partitions: number,
  names: readonly (keyof typeof TOPIC_CLEANUP)[] = Object.values(TOPICS),
): TopicSpec[] {
  return names.map((name) => {
    const cleanup = TOPIC_CLEANUP[name];
    return cleanup === "compact"
      ? { name, partitions, cleanup }
      : { name, partitions, cleanup, retentionMs: retentionOf(name) };
  });
}

function retentionOf(name: string): number {
  return name === TOPICS.verdicts ? VERDICTS_RETENTION_MS : EVENTS_RETENTION_MS;
}
