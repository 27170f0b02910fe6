import { readFile } from "node:fs/promises";
import { z } from "zod";
import { streamError } from "../errors.ts";

const REQUEST_TIMEOUT_MS = 5_000; // kafkajs waits 10 s for a whole authentication
const RENEW_AT = 0.8; // of its life: the rest is for an endpoint that does not answer at once
const DEFAULT_LIFE_S = 300; // where the endpoint states none

/** A token that someone else keeps fresh in a file (a sidecar, a projected service account); read at each authentication. */
export function fileToken(path: string): () => Promise<{ value: string }> {
  return async () => {
    const text = await readFile(path, "utf8").catch((cause: unknown) => {
      throw streamError("TRIPLINE_STREAM_CONFIG", `kafka-token-file: can't read ${path}`, cause);
    });
    const value = text.trim();
    if (value === "") throw streamError("TRIPLINE_STREAM_CONFIG", `kafka-token-file: ${path} is empty`);
    const end = endOf(value);
    if (end !== null && end <= Date.now()) {
      const message = `kafka-token-file: the token in ${path} expired at ${new Date(end).toISOString()}`;
      throw streamError("TRIPLINE_STREAM_REFUSED", message);
    }
    return { value };
  };
}

const claims = z.object({ exp: z.number() });

/** When a JWT expires, ms since the epoch; null for another kind of token. */
function endOf(token: string): number | null {
  try {
    const text = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    return claims.parse(JSON.parse(text)).exp * 1000;
  } catch {
    return null; // opaque to us; the broker says what it thinks of it
  }
}

export interface ClientCredentials {
  url: string;
  clientId: string;
  clientSecret: string;
  scope: string | null;
}

const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().optional() });

/**
 * OAuth 2.0 client credentials (RFC 6749, 4.4; the secret by HTTP Basic). One token serves all connections until four
 * fifths of its life are over; while the endpoint then does not answer, the old one serves until its end.
 */
export function clientCredentialsToken(
  credentials: ClientCredentials,
  now: () => number = () => performance.now(),
): () => Promise<{ value: string }> {
  let held: { value: string; renewAt: number; endsAt: number } | null = null;
  let asking: Promise<void> | null = null;
  const renew = async () => {
    const { value, lifeMs } = await requestToken(credentials);
    held = { value, renewAt: now() + lifeMs * RENEW_AT, endsAt: now() + lifeMs };
  };
  return async () => {
    if (held === null || now() >= held.renewAt) {
      asking ??= renew().finally(() => {
        asking = null;
      });
      try {
        await asking;
      } catch (error) {
        if (held === null || now() >= held.endsAt) throw error;
      }
    }
    return { value: held?.value ?? "" };
  };
}

async function requestToken(credentials: ClientCredentials): Promise<{ value: string; lifeMs: number }> {
  const { url, clientId, clientSecret, scope } = credentials;
  // RFC 6749, 2.3.1: form-encoded before Basic joins them with a colon.
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString(
    "base64",
  );
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    ...(scope === null ? {} : { scope }),
  });
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Basic ${basic}`, accept: "application/json" },
      body,
      redirect: "error", // the secret goes to the endpoint that was named, and nowhere else
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (cause) {
    throw streamError("TRIPLINE_STREAM_UNAVAILABLE", `the token endpoint ${url} does not answer`, cause);
  }
  const parsed = answer.safeParse(await response.json().catch(() => null)); // an answer that is no JSON is refused below
  if (!response.ok || !parsed.success) {
    const code = response.status >= 500 ? "TRIPLINE_STREAM_UNAVAILABLE" : "TRIPLINE_STREAM_REFUSED";
    throw streamError(
      code,
      `the token endpoint ${url} gives no token (HTTP ${response.status}): check client, secret and scope`,
    );
  }
  return { value: parsed.data.access_token, lifeMs: (parsed.data.expires_in ?? DEFAULT_LIFE_S) * 1000 };
}
