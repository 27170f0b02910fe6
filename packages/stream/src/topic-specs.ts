import { streamError } from "./errors.ts";
import type { TopicSpec } from "./log.ts";

/** A topic as it is, as far as it can be compared with its specification. */
export type ExistingTopic = Pick<TopicSpec, "partitions" | "cleanup">;

/**
 * The specifications whose topics don't exist yet.
 * @throws TriplineError TRIPLINE_STREAM_TOPIC_MISMATCH when one exists in another shape, TRIPLINE_STREAM_CONFIG for a senseless one
 */
export function checkSpecs(
  specs: readonly TopicSpec[],
  existing: (name: string) => ExistingTopic | undefined,
): TopicSpec[] {
  return specs.filter((spec) => {
    checkSpec(spec);
    const found = existing(spec.name);
    if (found === undefined) return true;
    if (found.partitions !== spec.partitions) {
      throw mismatch(spec.name, `${found.partitions} partitions`, `${spec.partitions}`);
    }
    if (found.cleanup !== spec.cleanup) {
      throw mismatch(spec.name, `clean-up ${found.cleanup}`, spec.cleanup);
    }
    return false;
  });
}

function checkSpec(spec: TopicSpec): void {
  if (!/^[a-zA-Z0-9._-]{1,200}$/.test(spec.name)) {
    throw streamError(
      "TRIPLINE_STREAM_CONFIG",
      `"${spec.name}" is no topic name: letters, digits, '.', '_', '-'`,
    );
  }
  if (!Number.isSafeInteger(spec.partitions) || spec.partitions < 1) {
    throw streamError("TRIPLINE_STREAM_CONFIG", `${spec.name} needs at least one partition`);
  }
  if (spec.cleanup === "compact" && spec.retentionMs !== undefined) {
    throw streamError("TRIPLINE_STREAM_CONFIG", `${spec.name} is compacted: it has no retention by time`);
  }
}

function mismatch(topic: string, found: string, wanted: string) {
  return streamError(
    "TRIPLINE_STREAM_TOPIC_MISMATCH",
    `${topic} exists with ${found}, and ${wanted} is configured: configure what exists, or move to a new generation of the log`,
  );
}
