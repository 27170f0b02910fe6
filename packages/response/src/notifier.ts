import type { Notification } from "./notification.ts";

/**
 * How one attempt to tell people ended. The caller retries `retry`, no sooner than `afterMs` when the receiver asked for it.
 * `about`: whether the receiver as a whole is not taking anything now, or only this notification failed.
 * `reason` names no secret, no path of the address and nothing the receiver sent but its own error codes.
 */
export type NotifyOutcome =
  | { kind: "delivered" }
  | { kind: "retry"; about: "receiver" | "notification"; reason: string; afterMs: number | undefined }
  | { kind: "refused"; reason: string };

/** A system that people are told through. One attempt a call; safe to call again with the same notification. */
export interface Notifier {
  readonly name: string;
  /** Where it sends to, for people: host and port, never a path. */
  readonly to: string;
  /** Never throws for what the other side does. Ends early, as `retry`, when `signal` aborts. */
  notify(notification: Notification, signal: AbortSignal): Promise<NotifyOutcome>;
  /** Only of systems that forget what they are not told again: `tell` is called with every open incident they were told of. */
  readonly reminder?: {
    everyMs: number;
    tell(open: readonly Notification[], signal: AbortSignal): Promise<NotifyOutcome>;
  };
}
