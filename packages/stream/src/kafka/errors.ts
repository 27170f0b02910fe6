import { TriplineError } from "@tripline/events";
import { streamError } from "../errors.ts";

const LOST = new Set([
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "REBALANCE_IN_PROGRESS",
  "FENCED_INSTANCE_ID",
]);
const TOO_LARGE = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);
const REFUSED =
  /AUTHORIZATION_FAILED|SASL|UNSUPPORTED|INVALID_CONFIG|INVALID_REPLICATION|INVALID_TOPIC|POLICY_VIOLATION|INVALID_REQUEST/;

/** What a kafkajs error is for Tripline. Everything that may pass by itself is retriable. */
export function fromKafka(error: unknown, what: string): unknown {
  if (error instanceof TriplineError || !(error instanceof Error)) return error;
  const type = kafkaType(error);
  if (type === null) return error;
  if (LOST.has(type)) {
    return streamError(
      "TRIPLINE_STREAM_ASSIGNMENT_LOST",
      `${what}: the partition belongs to someone else now`,
      error,
    );
  }
  if (TOO_LARGE.has(type)) {
    return streamError(
      "TRIPLINE_STREAM_RECORD_TOO_LARGE",
      `${what}: the broker refuses a record of this size`,
      error,
    );
  }
  if (type === "UNKNOWN_TOPIC_OR_PARTITION") {
    return streamError("TRIPLINE_STREAM_TOPIC_UNKNOWN", `${what}: there is no such topic`, error);
  }
  if (REFUSED.test(type)) {
    return streamError(
      "TRIPLINE_STREAM_REFUSED",
      `${what}: the broker refuses it (${type}): check access and settings`,
      error,
    );
  }
  return streamError("TRIPLINE_STREAM_UNAVAILABLE", `${what}: the broker can't do it now (${type})`, error);
}

/** The protocol's name of the error, or kafkajs's; null when it does not come from kafkajs. */
function kafkaType(error: Error): string | null {
  if ("type" in error && typeof error.type === "string") return error.type;
  if (error.cause instanceof Error) {
    const type = kafkaType(error.cause);
    if (type !== null) return type;
  }
  return error.name.startsWith("KafkaJS") ? error.name : null;
}
