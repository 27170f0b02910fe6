import { TriplineError } from "@tripline/events";
import type { Http, HttpAnswer, HttpRequest } from "../http/index.ts";
import type { NotifyOutcome } from "../notifier.ts";
import { placeName, type ReadSecret, type SecretPlace } from "../secret-place.ts";

const MAX_RETRY_AFTER_MS = 3600_000; // a receiver may ask for patience, not for silence

// 408, 425, 429: try later. 502, 503, 504: what is in front of the receiver can't reach it.
const RECEIVER_BUSY = new Set([408, 425, 429, 502, 503, 504]);

/** Posts, and says what the answer means; `read` is asked first about answers that mean more than their status. */
export async function post(
  http: Http,
  url: string,
  request: Omit<HttpRequest, "method">,
  options: { now(): number; read?: (answer: HttpAnswer) => NotifyOutcome | undefined },
): Promise<NotifyOutcome> {
  let answer: HttpAnswer;
  try {
    answer = await http.request(url, { method: "POST", ...request });
  } catch (error) {
    return outcomeOfError(error);
  }
  return options.read?.(answer) ?? outcomeOfStatus(answer, options.now());
}

/** @param now ms since the epoch */
export function outcomeOfStatus({ status, headers }: HttpAnswer, now: number): NotifyOutcome {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const reason = `the receiver answered ${status}`;
  if (status < 500 && !RECEIVER_BUSY.has(status)) return { kind: "refused", reason };
  const about = RECEIVER_BUSY.has(status) ? "receiver" : "notification";
  return { kind: "retry", about, reason, afterMs: retryAfterMs(headers.get("retry-after"), now) };
}

/** What it means that there was no answer. @throws what is no TriplineError */
export function outcomeOfError(error: unknown): NotifyOutcome {
  if (!(error instanceof TriplineError)) throw error;
  if (error.kind === "permanent") return { kind: "refused", reason: error.message };
  return { kind: "retry", about: "receiver", reason: error.message, afterMs: undefined };
}

/** RFC 9110, 10.2.3: seconds or an HTTP date. Undefined when absent or not readable. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** An error code of the receiver's own, when it is one word; an answer's other text may be anything. */
export function ownCode(value: unknown): string {
  return typeof value === "string" && /^[A-Za-z0-9_.-]{1,60}$/.test(value) ? value : "an unknown error";
}

/** The answer as JSON, or undefined when it is none. */
export function jsonOf({ text }: HttpAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A reader of an address that is a secret itself. @throws TriplineError TRIPLINE_SECRET_UNREADABLE when it is no address */
export function secretAddress(place: SecretPlace, secret: ReadSecret): () => string {
  const read = (): string => {
    const text = secret(place);
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
    throw new TriplineError(
      "TRIPLINE_SECRET_UNREADABLE",
      `${placeName(place)} does not hold an https:// address`,
    );
  };
  read();
  return read;
}
