/**
 * How a caller must treat an error: `retriable` (wait and retry), `permanent` (retrying can't help: dead letter, refuse
 * or stop). Anything that is not a TriplineError is unknown: crash and restart clean.
 */
export type ErrorKind = "retriable" | "permanent";

/** An error with a stable code to branch on. The message says what was wrong, where, and what to do; it holds no secret and no captured text. */
export class TriplineError extends Error {
  readonly code: `TRIPLINE_${string}`;
  readonly kind: ErrorKind;

  constructor(
    code: `TRIPLINE_${string}`,
    message: string,
    options: { kind?: ErrorKind; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TriplineError";
    this.code = code;
    this.kind = options.kind ?? "permanent";
  }
}

export function isRetriable(error: unknown): boolean {
  return error instanceof TriplineError && error.kind === "retriable";
}
