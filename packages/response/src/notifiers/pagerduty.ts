import type { Severity } from "@tripline/events";
import { z } from "zod";
import { isClosed, type Notification } from "../notification.ts";
import { secretPlace } from "../secret-place.ts";
import { cut, type Message, messageOf, messageText } from "../wording/message.ts";
import { valuesOf } from "../wording/values.ts";
import { ocsfFinding } from "./formats/ocsf.ts";
import { post } from "./http-outcome.ts";
import { address, COMMON, notifierKind, WORDS } from "./kind.ts";

const EVENTS_API = "https://events.pagerduty.com/v2/enqueue";
const MAX_SUMMARY_CHARS = 1024; // payload.summary
const MAX_DETAIL_CHARS = 16_384; // an event has at most 512 KB in all

const SEVERITY: Record<Severity, string> = {
  critical: "critical",
  high: "error",
  medium: "warning",
  low: "info",
  informational: "info",
};

/** PagerDuty Events API v2: one PagerDuty alert for each incident, by `dedup_key`. */
export const pagerduty = notifierKind({
  type: "pagerduty",
  schema: z.strictObject({
    type: z.literal("pagerduty"),
    ...COMMON,
    ...WORDS,
    routing_key: secretPlace.describe("the integration key of an Events API v2 integration"),
    url: address
      .default(EVENTS_API)
      .describe("https://events.eu.pagerduty.com/v2/enqueue for accounts in the EU"),
    format: z
      .enum(["tripline", "ocsf"])
      .default("tripline")
      .describe("ocsf: an OCSF Detection Finding as custom_details"),
  }),
  create({ name, url, routing_key, format, title, text }, { http, secret, now }) {
    secret(routing_key);
    const enqueue = (event: Record<string, unknown>, signal: AbortSignal) => {
      const body = JSON.stringify({ routing_key: secret(routing_key), ...event });
      return post(http, url, { headers: { "content-type": "application/json" }, body, signal }, { now });
    };
    return {
      name,
      to: new URL(url).origin,
      notify: async (notification, signal) => {
        const message = messageOf(notification, { title, text });
        const details =
          format === "ocsf" ? ocsfFinding(notification, now()) : detailsOf(notification, message);
        const event = eventOf(notification, message, details);
        if (notification.kind !== "test") return enqueue(event, signal);
        // A test is to be seen, and to leave nothing open.
        const triggered = await enqueue({ ...event, event_action: "trigger" }, signal);
        return triggered.kind === "delivered" ? enqueue(event, signal) : triggered;
      },
    };
  },
});

function eventOf(notification: Notification, message: Message, details: Record<string, unknown>) {
  const { incident, publicUrl } = notification;
  const values = valuesOf(notification);
  return {
    event_action: actionOf(notification),
    dedup_key: `tripline-${incident.id}`,
    client: "Tripline",
    client_url: publicUrl,
    links: message.links.map(({ label, url }) => ({ href: url, text: label })),
    payload: {
      summary: cut(
        `${message.title}: ${message.parts[0]?.value ?? ""}`.replaceAll("\n", " "),
        MAX_SUMMARY_CHARS,
      ),
      source: values.server || values.tenant,
      severity: SEVERITY[incident.severity],
      timestamp: incident.last_alert_at,
      component: values.tool || undefined,
      group: values.tenant,
      class: values.rule,
      custom_details: details,
    },
  };
}

function detailsOf({ incident }: Notification, message: Message): Record<string, unknown> {
  return {
    text: cut(messageText(message), MAX_DETAIL_CHARS),
    incident: incident.id,
    rule: incident.rule.id,
    alerts: incident.alerts,
  };
}

/** What was closed here stays closed there: a late `done` must not open it again. */
function actionOf(notification: Notification): "trigger" | "acknowledge" | "resolve" {
  if (isClosed(notification)) return "resolve";
  return notification.incident.state === "acknowledged" && notification.kind === "acknowledged"
    ? "acknowledge"
    : "trigger";
}
