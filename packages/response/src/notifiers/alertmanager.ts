import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import { isClosed, type Notification } from "../notification.ts";
import { secretPlace } from "../secret-place.ts";
import { cut, messageOf, messageText, type Templates } from "../wording/message.ts";
import { incidentLink, valuesOf } from "../wording/values.ts";
import { post } from "./http-outcome.ts";
import { address, COMMON, notifierKind, WORDS } from "./kind.ts";

// Alertmanager ends an alert that is not posted again, and forgets all when it restarts.
const REPEAT_MS = 60_000; // Prometheus' own resend delay
const ENDS_AFTER_MS = 15 * 60_000; // an alert outlives this long a restart of Tripline
const MAX_ANNOTATION_CHARS = 8192;
const MAX_BATCH = 200; // alerts in one request: about 2 MB at most

/** Prometheus Alertmanager, API v2: one alert for each incident, which is posted again for as long as it is open. */
export const alertmanager = notifierKind({
  type: "alertmanager",
  schema: z.strictObject({
    type: z.literal("alertmanager"),
    ...COMMON,
    ...WORDS,
    url: address.describe("where Alertmanager is, with its --web.route-prefix"),
    token: secretPlace.optional().describe("sent as a bearer token, where something in front asks for one"),
    labels: z
      .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().min(1).max(256))
      .default({})
      .describe("further labels, as your routes there want them"),
  }),
  create({ name, url, token, labels, title, text }, { http, secret, now }) {
    const endpoint = `${url.replace(/\/+$/, "")}/api/v2/alerts`;
    const authorization = (): Record<string, string> =>
      token === undefined ? {} : { authorization: `Bearer ${secret(token)}` };
    authorization();
    const send = (alerts: Record<string, unknown>[], signal: AbortSignal) => {
      const headers = { "content-type": "application/json", ...authorization() };
      return post(http, endpoint, { headers, body: JSON.stringify(alerts), signal }, { now });
    };
    const templates = { title, text };
    return {
      name,
      to: new URL(url).origin,
      notify: (notification, signal) =>
        send(alertsOf(notification, { templates, labels, now: now() }), signal),
      reminder: {
        everyMs: REPEAT_MS,
        tell: async (open, signal) => {
          for (let first = 0; first < open.length; first += MAX_BATCH) {
            const batch = open.slice(first, first + MAX_BATCH);
            const outcome = await send(
              batch.map((one) => alertOf(one, { templates, labels, now: now() })),
              signal,
            );
            if (outcome.kind !== "delivered") return outcome;
          }
          return { kind: "delivered" };
        },
      },
    };
  },
});

interface Making {
  templates: Templates;
  labels: Record<string, string>;
  /** ms since the epoch */
  now: number;
}

/** The incident's alert, and with it the end of those it was before it became graver: a label that changes is another alert there. */
function alertsOf(notification: Notification, making: Making): Record<string, unknown>[] {
  const { incident, kind } = notification;
  if (kind !== "grew") return [alertOf(notification, making)];
  const less = SEVERITIES.slice(0, SEVERITIES.indexOf(incident.severity));
  const before = less.map((severity) => alertOf(notification, { ...making, as: { severity, isOver: true } }));
  return [...before, alertOf(notification, making)];
}

function alertOf(
  notification: Notification,
  { templates, labels, now, as }: Making & { as?: { severity: Severity; isOver: boolean } },
): Record<string, unknown> {
  const { incident } = notification;
  const values = valuesOf(notification);
  const message = messageOf(notification, templates);
  const endsAt = isClosed(notification) || as?.isOver === true ? now : now + ENDS_AFTER_MS;
  return {
    labels: {
      ...labels,
      // Nothing that may change while the incident is open, but for the severity: together they are the alert's identity.
      alertname: values.rule,
      severity: as?.severity ?? incident.severity,
      tenant: values.tenant,
      incident: incident.id,
    },
    annotations: {
      summary: cut(message.title, MAX_ANNOTATION_CHARS),
      description: cut(messageText(message), MAX_ANNOTATION_CHARS),
      state: values.state,
    },
    startsAt: earlier(incident.opened_at, endsAt),
    endsAt: new Date(endsAt).toISOString(),
    generatorURL: incidentLink(notification),
  };
}

/** It refuses an alert that ends before it starts, as one would where the clocks differ. */
function earlier(openedAt: string, endsAt: number): string {
  return new Date(Math.min(Date.parse(openedAt), endsAt)).toISOString();
}
