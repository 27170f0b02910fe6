import { type ErrorKind, TriplineError } from "@tripline/events";

/** Every code that a log or the runner can raise, and whether waiting can help. */
const KINDS = {
  TRIPLINE_STREAM_ASSIGNMENT_LOST: "permanent",
  TRIPLINE_STREAM_CLOSED: "permanent",
  TRIPLINE_STREAM_CONFIG: "permanent",
  TRIPLINE_STREAM_DAMAGED: "permanent",
  TRIPLINE_STREAM_DRAINING: "retriable",
  TRIPLINE_STREAM_FULL: "retriable",
  TRIPLINE_STREAM_LOCKED: "permanent",
  TRIPLINE_STREAM_METADATA_TOO_LARGE: "permanent",
  TRIPLINE_STREAM_MOVED: "permanent",
  TRIPLINE_STREAM_OUT_OF_RANGE: "permanent",
  TRIPLINE_STREAM_RECORD_INVALID: "permanent",
  TRIPLINE_STREAM_RECORD_TOO_LARGE: "permanent",
  TRIPLINE_STREAM_REFUSED: "permanent",
  TRIPLINE_STREAM_STATE_MISSING: "permanent",
  TRIPLINE_STREAM_TOPIC_MISMATCH: "permanent",
  TRIPLINE_STREAM_TOPIC_UNKNOWN: "permanent",
  TRIPLINE_STREAM_UNAVAILABLE: "retriable",
} as const satisfies Record<`TRIPLINE_STREAM_${string}`, ErrorKind>;

export type StreamErrorCode = keyof typeof KINDS;

export function streamError(code: StreamErrorCode, message: string, cause?: unknown): TriplineError {
  return new TriplineError(code, message, { kind: KINDS[code], cause });
}

export function closedError(): TriplineError {
  return streamError("TRIPLINE_STREAM_CLOSED", "the log is closed: open it again before using it");
}

export function assignmentLost(topic: string, partition: number): TriplineError {
  return streamError(
    "TRIPLINE_STREAM_ASSIGNMENT_LOST",
    `partition ${partition} of ${topic} belongs to someone else now: drop its state and commit nothing`,
  );
}

export function hasCode(error: unknown, code: StreamErrorCode): boolean {
  return error instanceof TriplineError && error.code === code;
}

/** A compacted topic was to be followed from its end. */
export function notFollowed(topic: string): TriplineError {
  return streamError("TRIPLINE_STREAM_CONFIG", `${topic} is compacted: read it as a table instead`);
}
