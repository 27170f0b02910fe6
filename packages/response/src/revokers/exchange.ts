import { TriplineError } from "@tripline/events";
import type { z } from "zod";
import type { Http, HttpAnswer, HttpRequest } from "../http/index.ts";
import type { UpstreamOutcome } from "../revoker.ts";

/** A request that did not get as far as an answer to read. */
export type Failed = Extract<UpstreamOutcome, { kind: "retry" | "refused" }>;
export type Asked = { answer: HttpAnswer } | { failed: Failed };

// RFC 9110 15.5.9, RFC 8470, RFC 6585, and what says that the server is the one in trouble.
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);
const MAX_RETRY_AFTER_MS = 3600_000; // an issuer may ask for patience, not for silence

/**
 * One request of a revoker. What every system means the same by is told apart here: no answer, "later", and a refusal of our own
 * access. `issuer` names the revoker in reasons. Whoever asks for a status listed in `expected` reads it itself.
 */
export async function ask(
  http: Http,
  issuer: string,
  url: string,
  request: () => HttpRequest,
  expected: readonly number[] = [],
): Promise<Asked> {
  let answer: HttpAnswer;
  try {
    answer = await http.request(url, request());
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    const kind = error.kind === "retriable" ? "retry" : "refused";
    return { failed: { kind, reason: `${issuer}: ${error.message}`, afterMs: undefined } };
  }
  const { status } = answer;
  if (expected.includes(status)) return { answer };
  if (LATER.has(status)) {
    const afterMs = retryAfter(answer.headers.get("retry-after"));
    return { failed: { kind: "retry", reason: `${issuer} answered ${status}`, afterMs } };
  }
  if (status === 401 || status === 403) {
    const reason = `${issuer} answered ${status}: it does not let Tripline do this; check the access in its settings`;
    return { failed: { kind: "refused", reason } };
  }
  return { answer };
}

/** An answer that is none of those the system describes. */
export function unexpected(issuer: string, answer: HttpAnswer): UpstreamOutcome {
  return { kind: "refused", reason: `${issuer} answered ${answer.status}, which was not expected` };
}

/** The answer's body as JSON of this shape, else undefined. */
export function bodyOf<S extends z.ZodType>(answer: HttpAnswer, schema: S): z.infer<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(answer.text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** RFC 9110, 10.2.3, in ms; dates are left alone, since the other side's clock is not ours. */
function retryAfter(header: string | null): number | undefined {
  if (header === null || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1000, MAX_RETRY_AFTER_MS);
}
