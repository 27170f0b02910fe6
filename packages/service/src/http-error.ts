import { TriplineError } from "@tripline/events";

/** An error that a caller of an HTTP API caused, or is to see with a status of its own. */
export class HttpError extends TriplineError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: `TRIPLINE_${string}`,
    message: string,
    options: { headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(code, message, {
      kind: status === 503 || status === 429 ? "retriable" : "permanent",
      cause: options.cause,
    });
    this.name = "HttpError";
    this.status = status;
    this.headers = options.headers ?? {};
  }
}
