import type { Severity } from "@tripline/events";
import type { Notification } from "../../notification.ts";
import { cut } from "../../wording/message.ts";
import { incidentLink, valuesOf } from "../../wording/values.ts";

const SEVERITY: Record<Severity, number> = { informational: 1, low: 3, medium: 5, high: 8, critical: 10 };
const MAX_NAME_CHARS = 512;
const MAX_FIELD_CHARS = 1023; // most extension fields of the CEF dictionary

/** The notification as ArcSight's Common Event Format, on one line. */
export function cefEvent(notification: Notification): string {
  const { incident, kind } = notification;
  const values = valuesOf(notification);
  const header = [
    "CEF:0",
    "Tripline",
    "Tripline",
    "1",
    escapedHeader(values.rule),
    escapedHeader(values.rule_title),
    String(SEVERITY[incident.severity]),
  ];
  const extension: [string, string][] = [
    ["rt", String(Date.parse(incident.last_alert_at))],
    ["start", String(Date.parse(incident.opened_at))],
    ["cnt", values.alerts],
    ["externalId", incident.id],
    ["cat", kind],
    ["act", notification.done.kind],
    ["outcome", values.state],
    ["msg", values.summary],
    ["suid", values.credential],
    ["suser", values.principal],
    ["sproc", values.agent],
    ["dproc", values.server],
    ["fname", values.tool],
    ["cs1Label", "tenant"],
    ["cs1", values.tenant],
    ["cs2Label", "environment"],
    ["cs2", values.environment],
    ["cs3Label", "team"],
    ["cs3", values.team],
    ["cs4Label", "session"],
    ["cs4", values.session],
    ["cs5Label", "done"],
    ["cs5", values.done],
    ["cs6Label", "note"],
    ["cs6", values.note],
    ["request", incidentLink(notification)],
  ];
  const known = extension.filter(([key, value], index) => {
    const named = extension[index + 1];
    return key.endsWith("Label") ? named?.[1] !== "" : value !== "";
  });
  const fields = known.map(([key, value]) => `${key}=${escapedValue(cut(value, MAX_FIELD_CHARS))}`);
  return `${header.join("|")}|${fields.join(" ")}`;
}

/** In the header `|` and `\` are escaped; line ends can't stand there. */
export function escapedHeader(text: string): string {
  return cut(oneLine(text), MAX_NAME_CHARS).replace(/[\\|]/g, "\\$&");
}

/** In the extension `=` and `\` are escaped, and line ends are written `\n`. */
export function escapedValue(text: string): string {
  return text.replace(/[\\=]/g, "\\$&").replace(/\r\n?|\n/g, "\\n");
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
