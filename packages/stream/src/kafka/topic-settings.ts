import { MAX_LOG_RECORD_BYTES } from "../limits.ts";
import type { TopicSpec } from "../log.ts";

const BATCH_OVERHEAD_BYTES = 48_588; // Kafka's own default is a record of 1,000,000 bytes and this much around it
export const MESSAGE_BYTES = MAX_LOG_RECORD_BYTES + BATCH_OVERHEAD_BYTES;
const FOREVER = -1;

/** What a topic is created with, in Kafka's words. */
export function topicSettings(spec: TopicSpec): Record<string, string> {
  return {
    "cleanup.policy": spec.cleanup,
    // The log's own clock, as the port promises, not the producer's.
    "message.timestamp.type": "LogAppendTime",
    "unclean.leader.election.enable": "false",
    // Without a declared retention nothing goes, whatever the broker's default.
    ...(spec.cleanup === "delete" ? { "retention.ms": String(spec.retentionMs ?? FOREVER) } : {}),
  };
}

/**
 * Whether a topic's own value keeps what the wanted one promises. Records kept longer, more copies in sync and bigger
 * messages than asked for are an operator's choice, and no difference.
 */
export function keepsPromise(name: string, found: string, wanted: string): boolean {
  if (found === wanted) return true;
  if (name === "retention.ms")
    return Number(found) === FOREVER || (wanted !== "-1" && Number(found) > Number(wanted));
  if (name === "min.insync.replicas" || name === "max.message.bytes") return Number(found) > Number(wanted);
  return false;
}
