import { TriplineError } from "@tripline/events";

/** What the receiver would not take: a line of the batch, counted from 0, and why. */
export interface RefusedLine {
  line: number;
  code: string;
  message: string;
}

export interface SendResult {
  accepted: number;
  refused: readonly RefusedLine[];
}

/** Where the spool sends to. One batch at a time. */
export interface RecordSender {
  /**
   * Hands a batch over and resolves when the receiver has made it durable.
   * Rejects with a SendError; whatever else it throws counts as `unavailable`.
   * @param lines records as JSON, each ended by a newline; at most 1 MiB and 1,000 lines, or one larger line
   */
  send(lines: Buffer, signal: AbortSignal): Promise<SendResult>;
  close(): Promise<void>;
}

/**
 * unavailable: nothing came of it, try again later. unauthorized: the key is not known, keep the records and try again.
 * rejected: this batch will never be taken as it is; a smaller one may.
 */
export type SendFailure = "unavailable" | "unauthorized" | "rejected";

export class SendError extends TriplineError {
  readonly failure: SendFailure;
  /** When the receiver wants to be asked again; undefined: whenever. */
  readonly retryAfterMs: number | undefined;

  constructor(
    failure: SendFailure,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(`TRIPLINE_SEND_${failure.toUpperCase()}`, message, {
      kind: failure === "rejected" ? "permanent" : "retriable",
      cause: options.cause,
    });
    this.failure = failure;
    this.retryAfterMs = options.retryAfterMs;
  }
}
