import { type Notification, notificationBody } from "./notification.ts";
import type { Notifier, NotifyOutcome } from "./notifier.ts";
import { webhookHeaders } from "./standard-webhooks.ts";

const TIMEOUT_MS = 15_000; // Standard Webhooks advises 15 to 30 s; a slow receiver only holds up its own queue
const MAX_RETRY_AFTER_MS = 3600_000; // a receiver may ask for patience, not for silence

// 408, 425, 429: try later. 502, 503, 504: what is in front of the receiver can't reach it.
const RECEIVER_BUSY = new Set([408, 425, 429, 502, 503, 504]);

export interface WebhookOptions {
  name: string;
  /**
   * From the operator's configuration only, never from captured data or an API without `administer`: the address is not checked
   * against private networks, since receivers usually live there.
   */
  url: string;
  secret: Uint8Array;
  /** ms since the epoch */
  now(): number;
  timeoutMs?: number;
}

/** Posts alerts as JSON, signed per Standard Webhooks. Redirects are refused: the signed body goes only where the operator said. */
export function createWebhook(options: WebhookOptions): Notifier {
  const { name, url, secret, now, timeoutMs = TIMEOUT_MS } = options;
  return {
    name,
    async notify(notification: Notification, signal: AbortSignal): Promise<NotifyOutcome> {
      const body = JSON.stringify(notificationBody(notification));
      const timestamp = Math.floor(now() / 1000);
      let response: Response;
      try {
        response = await fetch(url, {
          method: "POST",
          body,
          redirect: "manual",
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
          headers: {
            "content-type": "application/json",
            "user-agent": "tripline",
            ...webhookHeaders(notification.id, timestamp, body, secret),
          },
        });
      } catch (error) {
        return { kind: "retry", about: "receiver", reason: unreachable(error), afterMs: undefined };
      }
      await response.body?.cancel(); // its text is the receiver's business and may be anything
      return outcomeOf(response, now());
    },
  };
}

function outcomeOf(response: Response, now: number): NotifyOutcome {
  const { status, ok } = response;
  if (ok) return { kind: "delivered" };
  const reason = `the receiver answered ${status}`;
  if (status < 500 && !RECEIVER_BUSY.has(status)) return { kind: "refused", reason };
  const about = RECEIVER_BUSY.has(status) ? "receiver" : "notification";
  return { kind: "retry", about, reason, afterMs: retryAfterMs(response.headers.get("retry-after"), now) };
}

/** RFC 9110, 10.2.3: seconds or an HTTP date. Undefined when absent or not readable. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** The system's own code (ECONNREFUSED …); the error's text would name the address, whose path may be a secret. */
function unreachable(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "the receiver did not answer in time";
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return /^[A-Z][A-Z0-9_]{2,40}$/.test(code)
    ? `the receiver was not reached (${code})`
    : "the receiver was not reached";
}
