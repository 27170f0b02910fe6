import { createHmac } from "node:crypto";
import { TriplineError } from "@tripline/events";

// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

const SECRET_PREFIX = "whsec_";
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/**
 * The bytes of a symmetric secret, `whsec_` and base64.
 * @throws TriplineError TRIPLINE_WEBHOOK_SECRET; the message names `source` and holds nothing of the secret
 */
export function webhookSecret(serialized: string, source: string): Uint8Array {
  const base64 = serialized.startsWith(SECRET_PREFIX) ? serialized.slice(SECRET_PREFIX.length) : "";
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, "base64") : Buffer.alloc(0);
  if (bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
    throw new TriplineError(
      "TRIPLINE_WEBHOOK_SECRET",
      `the webhook secret in ${source} must be whsec_ followed by the base64 of 24 to 64 bytes`,
    );
  }
  return bytes;
}

/** The three headers that let the receiver check a message. `timestamp` in whole seconds since the epoch. */
export function webhookHeaders(
  id: string,
  timestamp: number,
  body: string,
  secret: Uint8Array,
): Record<string, string> {
  const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${signature}`,
  };
}
