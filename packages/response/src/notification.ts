import type { Alert, Revocation, WhatWasDone } from "@tripline/events";
import { visibleText } from "./visible-text.ts";

/** What a notifier is handed: the same alert always gives the same `id`, whatever else changed between attempts. */
export interface Notification {
  /** Receivers recognise a repeated delivery by it. */
  id: string;
  alert: Alert;
  done: WhatWasDone;
  /** Where the console is, without a slash at the end. */
  publicUrl: string;
}

const MAX_EVIDENCE = 20; // keeps the body below 20 KB, which Standard Webhooks advises
const MAX_NAME_CHARS = 256;
const MAX_TEXT_CHARS = 1024;

/** The id of an alert's notification. */
export function notificationId(alert: { id: string }): string {
  return `alert_${alert.id}`;
}

/**
 * The notification as JSON-ready data: `{type, timestamp, data}` of Standard Webhooks. Everything named in `untrusted` holds
 * text that agents and servers wrote: receivers escape it and never follow it.
 */
export function notificationBody(notification: Notification): Record<string, unknown> {
  const { alert, done, publicUrl } = notification;
  return {
    type: "alert.detected",
    timestamp: alert.time,
    data: {
      id: alert.id,
      tenant: alert.tenant,
      severity: alert.severity,
      rule: { id: alert.rule.id, title: text(alert.rule.title) },
      summary: text(alert.summary),
      why: text(alert.why),
      done: doneText(done),
      still_valid: stillValid(alert, done),
      next: alert.next.map(text),
      response: responseOf(notification),
      actor: named(alert.actor, ["principal", "agent", "client", "credential", "assurance"]),
      session: named(alert.session, ["id", "source", "trace_id"]),
      target: named(alert.target, ["server", "tool", "upstream", "environment"]),
      evidence: alert.evidence.slice(0, MAX_EVIDENCE).map(evidence),
      evidence_left_out: Math.max(0, alert.evidence.length - MAX_EVIDENCE),
      links: { alert: `${publicUrl}/#/alerts/${alert.id}` },
      untrusted: ["summary", "actor", "session", "target", "evidence"],
    },
  };
}

/** One sentence about what was done, for people. */
export function doneText(done: WhatWasDone): string {
  const revoked = done.revocation;
  switch (done.kind) {
    case "revoked": {
      const until =
        revoked?.expires_at === undefined ? "until it is reinstated" : `until ${revoked.expires_at}`;
      return `${what(revoked)} is refused by every interceptor ${until}.`;
    }
    case "reinstated":
      return `${what(revoked)} was refused and has been reinstated since.`;
    case "expired":
      return `${what(revoked)} was refused until ${revoked?.expires_at ?? "its time was over"}.`;
    case "would_revoke":
      return "Dry run: nothing was revoked; without the dry run it would have been.";
    case "proposed":
      return `Nothing was revoked yet: ${text(done.reason)}.`;
    case "withheld":
    case "none":
      return `Nothing was revoked: ${text(done.reason)}.`;
  }
}

function what(revocation: Revocation | undefined): string {
  if (revocation === undefined) return "The key";
  return `The ${revocation.scope} ${visibleText(revocation.subject, MAX_NAME_CHARS)}`;
}

/** Denying a call at the interceptor leaves the server's own key as it is; say which. */
function stillValid(alert: Alert, done: WhatWasDone): string | undefined {
  const variable = alert.target?.upstream_env;
  if (variable === undefined || done.kind === "reinstated" || done.kind === "expired") return undefined;
  const server = alert.target?.server ?? "the server";
  return text(`${server}'s own key (environment variable ${variable}) is not touched and stays valid.`);
}

function responseOf({ done, publicUrl }: Notification): Record<string, unknown> {
  const id = done.revocation?.id;
  return {
    kind: done.kind,
    reason: text(done.reason),
    revocation_id: id,
    scope: done.revocation?.scope,
    subject: done.revocation === undefined ? undefined : visibleText(done.revocation.subject, MAX_TEXT_CHARS),
    detected_at: done.revocation?.detected_at,
    decided_at: done.revocation?.decided_at,
    expires_at: done.revocation?.expires_at,
    undo:
      done.kind === "revoked" && id !== undefined
        ? {
            command: `tripline reinstate ${id} --reason "…"`,
            method: "POST",
            url: `${publicUrl}/api/revocations/${encodeURIComponent(id)}/reinstate`,
          }
        : undefined,
  };
}

function evidence(item: Alert["evidence"][number]): Record<string, unknown> {
  return named(item, ["record_id", "step", "time", "server", "tool", "outcome", "note"]) ?? {};
}

/** The named text members of a record's part, made visible; a newer producer's fields stay behind. */
function named(
  part: Readonly<Record<string, unknown>> | undefined,
  keys: readonly string[],
): Record<string, string> | undefined {
  if (part === undefined) return undefined;
  const members: Record<string, string> = {};
  for (const key of keys) {
    const value = part[key];
    if (typeof value === "string") members[key] = visibleText(value, MAX_TEXT_CHARS);
  }
  return members;
}

function text(captured: string): string {
  return visibleText(captured, MAX_TEXT_CHARS);
}
