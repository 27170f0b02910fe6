import type { TriplineError } from "@tripline/events";
import { streamError } from "../errors.ts";

/** Kafka's own names of errors, and Node's words about TLS: the same whichever client speaks to the brokers. */

const LOST = new Set([
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "REBALANCE_IN_PROGRESS",
  "FENCED_INSTANCE_ID",
]);
export const TOO_LARGE: ReadonlySet<string> = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);
export const REFUSED =
  /AUTHORIZATION_FAILED|UNSUPPORTED|INVALID_CONFIG|INVALID_REPLICATION|INVALID_TOPIC|POLICY_VIOLATION|INVALID_REQUEST/;
/** What Node says of a certificate that it does not accept. */
export const CERTIFICATE =
  /self.signed certificate|unable to (verify|get local issuer)|certificate has expired|not yet valid|does not match certificate|CERT_/i;

/** What an error of this name says about the caller's own partition, record or topic; null for one that says nothing of them. */
export function fromProtocol(type: string, what: string, cause: unknown): TriplineError | null {
  if (LOST.has(type)) {
    return streamError(
      "TRIPLINE_STREAM_ASSIGNMENT_LOST",
      `${what}: the partition belongs to someone else now`,
      cause,
    );
  }
  if (TOO_LARGE.has(type)) {
    return streamError(
      "TRIPLINE_STREAM_RECORD_TOO_LARGE",
      `${what}: the broker refuses a record of this size`,
      cause,
    );
  }
  if (type === "UNKNOWN_TOPIC_OR_PARTITION") {
    return streamError("TRIPLINE_STREAM_TOPIC_UNKNOWN", `${what}: there is no such topic`, cause);
  }
  return null;
}
