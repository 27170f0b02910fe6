import { LedgerError } from "../errors.ts";
import { encodeTimestampRequest } from "./request.ts";
import { type VerifiedTimestamp, verifyTimestamp } from "./verify-timestamp.ts";

const TIMEOUT_MS = 10_000; // authorities answer within a second; nothing waits for this
const NONCE_BYTES = 16;
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Asks a time-stamping authority over HTTP (RFC 3161, section 3.4) and verifies what it answers before it is kept. `response` is
 * what to keep: a `.tsr` file, for `verifyTimestamp` and `openssl ts -verify`.
 * @throws LedgerError TRIPLINE_LEDGER_UNAVAILABLE (try again later), TRIPLINE_LEDGER_TIMESTAMP_INVALID
 */
export async function requestTimestamp(
  message: Uint8Array,
  authority: { url: string; trusted: string; timeoutMs?: number; fetch?: typeof globalThis.fetch },
): Promise<{ response: Uint8Array; timestamp: VerifiedTimestamp }> {
  const { url, trusted, timeoutMs = TIMEOUT_MS, fetch = globalThis.fetch } = authority;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const request = encodeTimestampRequest(message, nonce);
  let response: Uint8Array;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/timestamp-query" },
      body: Uint8Array.from(request),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    response = await limited(answer);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "unknown";
    throw new LedgerError("TRIPLINE_LEDGER_UNAVAILABLE", `no timestamp from the authority: ${why}`, cause);
  }
  return { response, timestamp: verifyTimestamp(response, { message, trusted, nonce }) };
}

async function limited(answer: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error("its answer is too long");
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}
