import { hash } from "node:crypto";
import type { Incident, NOTICES, WhatWasDone } from "@tripline/events";

/** Why somebody is told: what an incident's notice says, or that somebody wants to see whether it arrives. */
export type NoticeKind = (typeof NOTICES)[number] | "test";

/** What a notifier is handed. The same notice of an incident always has the same `id`, whatever changes between attempts. */
export interface Notification {
  /** Receivers recognise a repeated delivery by it. Those that group do so by the incident's id. */
  id: string;
  kind: NoticeKind;
  incident: Incident;
  done: WhatWasDone;
  /** Where the console is, without a slash at the end. */
  publicUrl: string;
}

/** The notification of an incident's version; undefined for a version that nobody is to be told of. */
export function notificationOf(incident: Incident, publicUrl: string): Notification | undefined {
  const { notice } = incident;
  if (notice === undefined) return undefined;
  return {
    id: `${incident.id}.${notice.number}`,
    kind: notice.kind,
    incident,
    done: incident.done,
    publicUrl,
  };
}

/** Whether an incident needs nobody any more. */
export function isClosed({ incident, kind }: Notification): boolean {
  return kind === "test" || incident.state === "resolved" || incident.state === "false_positive";
}

/** What `tripline notify test` sends: an incident that says itself that it is none. @param now ms since the epoch */
export function testNotification(options: {
  tenant: string;
  notifier: string;
  by: string;
  now: number;
  publicUrl: string;
}): Notification {
  const { tenant, notifier, by, now, publicUrl } = options;
  const at = new Date(now).toISOString();
  const id = hash("sha256", `test/${tenant}/${notifier}/${at}`, "hex");
  const rule = { id: "notifier-test", title: "A test of this notifier" };
  const incident: Incident = {
    v: 1,
    id,
    version: 1,
    tenant,
    rule,
    subject: `notifier=${notifier}`,
    severity: "informational",
    state: "open",
    opened_at: at,
    last_alert_at: at,
    updated_at: at,
    alerts: 1,
    alert_ids: [id],
    alert: {
      v: 1,
      id,
      tenant,
      rule,
      severity: "informational",
      time: at,
      group: `notifier=${notifier}`,
      summary: `${by} asked for a test of the notifier ${notifier}; nothing has happened`,
      why: "Whoever reads this hears of real incidents too.",
      next: ["Nothing is to be done."],
      evidence: [],
      response: { revocable: false },
    },
    done: { kind: "none", reason: "this is a test" },
    escalation: 0,
    history: [{ at, by, kind: "test" }],
  };
  return { id: `${id}.1`, kind: "test", incident, done: incident.done, publicUrl };
}
