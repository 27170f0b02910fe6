import type { Incident, WhatWasDone } from "@tripline/events";
import { type NoticeKind, type Notification, notificationOf } from "../notification.ts";
import { sampleAlert } from "./sample-alert.ts";

/** For tests of this package: the incident of `sampleAlert`, just opened, with `changes` over it. */
export function sampleIncident(changes: Partial<Incident> = {}): Incident {
  const alert = changes.alert ?? sampleAlert();
  return {
    v: 1,
    id: "1".repeat(64),
    version: 1,
    tenant: "acme",
    rule: { id: alert.rule.id, title: alert.rule.title },
    subject: "credential=local:demo",
    severity: alert.severity,
    state: "open",
    opened_at: "2026-11-21T09:30:00.200Z",
    last_alert_at: "2026-11-21T09:30:00.123Z",
    updated_at: "2026-11-21T09:30:00.200Z",
    alerts: 1,
    alert_ids: [alert.id],
    alert,
    done: { kind: "withheld", reason: "the caller's credential is asserted, not verified" },
    escalation: 0,
    history: [{ at: "2026-11-21T09:30:00.200Z", by: "policy", kind: "opened" }],
    notice: { kind: "opened", number: 1 },
    ...changes,
  };
}

const STATE_AFTER: Partial<Record<NoticeKind, Incident["state"]>> = {
  acknowledged: "acknowledged",
  resolved: "resolved",
  false_positive: "false_positive",
};

/** The notification of a notice of that incident, with the state that goes with it. */
export function sampleNotification(
  kind: Exclude<NoticeKind, "test"> = "opened",
  changes: Partial<Incident> = {},
): Notification {
  const state = STATE_AFTER[kind] ?? "open";
  const incident = sampleIncident({ state, notice: { kind, number: 2 }, ...changes });
  const notification = notificationOf(incident, "https://tripline.example.com");
  if (notification === undefined) throw new TypeError("the sample has a notice");
  return notification;
}

export const REVOKED: WhatWasDone = {
  kind: "revoked",
  reason: "rule secret-then-send",
  revocation: {
    v: 1,
    id: sampleAlert().id,
    tenant: "acme",
    scope: "credential",
    subject: "local:demo",
    state: "active",
    reason: "rule secret-then-send",
    by: "policy",
    decided_at: "2026-11-21T09:30:00.140Z",
  },
};

/** Text as an attacker would have it captured, for every place it might reach. */
export const HOSTILE =
  "<!channel> <@U123> @here <at>ana</at> https://evil.example/x www.evil.example javascript:alert(1) mailto:a@evil.example " +
  "[click](https://evil.example) *bold* _it_ ~no~ `code` <script>alert(1)</script> <img src=x onerror=alert(1)> {{undo}} " +
  'a|b=c\\d]"e" \u0000\u0007\u001b[31mred\u001b[0m \u202egnp.exe\u202c \u200bzero\u2028line\nnext\r\nheader: injected';

/** An incident that says it wherever captured text may stand. */
export function hostileIncident(text: string = HOSTILE): Incident {
  const base = sampleAlert();
  const alert = {
    ...base,
    rule: { ...base.rule, title: text },
    summary: text,
    why: text,
    next: [text],
    actor: {
      principal: text,
      agent: text,
      team: text,
      credential: `local:${text}`,
      assurance: "verified" as const,
    },
    session: { id: text },
    target: { server: text, tool: text, environment: text, upstream_env: text },
    evidence: base.evidence.map((call) => ({ ...call, server: text, tool: text, note: text })),
  };
  return sampleIncident({
    alert,
    rule: { id: alert.rule.id, title: text },
    done: {
      ...REVOKED,
      reason: text,
      in_flight: [{ record_id: "r-1", server: text, tool: text, started: "2026-11-21T09:30:00.000Z" }],
    },
    history: [{ at: "2026-11-21T09:31:00.000Z", by: "ana", kind: "acknowledged", note: text }],
  });
}
