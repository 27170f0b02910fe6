import type { Incident, WhatWasDone } from "@tripline/events";
import type { NoticeKind, Notification } from "../notification.ts";
import { doneText, stillValidText, undoCommand } from "./done-text.ts";
import { inertText } from "./inert-text.ts";

/** What a template can name, and what each stands for. */
export const PLACEHOLDERS = {
  notice: "why this is sent, in words: `New`, `Nobody has acknowledged`, `Resolved` …",
  severity: "`informational`, `low`, `medium`, `high` or `critical`",
  state: "`open`, `acknowledged`, `resolved` or `false_positive`",
  summary: "what happened, in one sentence",
  why: "why that is bad",
  rule: "the rule's id",
  rule_title: "the rule's title",
  tenant: "the tenant",
  environment: "the environment of the completing call",
  server: "the server of the completing call",
  tool: "its tool",
  where: "tool, server, environment and owner in one",
  agent: "the agent",
  team: "whose agent it is",
  owner: "whom to ask about the server, by the manifest",
  principal: "on whose behalf, as the keyed hash that the record has",
  credential: "the credential",
  assurance: "how sure it is who called: `verified`, `asserted` or `unknown`",
  who: "agent, team, credential, assurance and principal in one",
  session: "the session's id",
  calls: "the calls that the finding rests on, one a line, in order",
  done: "what was done, in one sentence",
  undo: "the command that undoes it",
  still_valid: "which key of the server itself stays valid",
  in_flight: "calls that had begun when the key died",
  next: "what to do next",
  note: "what the person or timer behind this notice wrote",
  by: "who that was",
  alerts: "how many alerts the incident has",
  opened_at: "when it was opened, UTC",
  last_alert_at: "when its latest alert came, UTC",
  escalation: "how often nobody acknowledged in time",
  incident: "the incident's id",
  link: "the incident in the console",
} as const;
export type Placeholder = keyof typeof PLACEHOLDERS;
export type Values = Record<Placeholder, string>;

const NOTICE_WORDS: Record<NoticeKind, string> = {
  opened: "New",
  grew: "More alerts",
  escalated: "Nobody has acknowledged",
  acknowledged: "Acknowledged",
  resolved: "Resolved",
  false_positive: "False positive",
  reopened: "Reopened",
  done: "Response changed",
  test: "Test",
};

const MAX_NAME_CHARS = 256;
const MAX_TEXT_CHARS = 1024;
const MAX_CALLS = 10; // more does not help whoever reads it on a phone; the console has all

/** What can be said about a notification. Nothing in it can be a link, a mention or a control character, but for `link` itself. */
export function valuesOf(notification: Notification): Values {
  const { incident, done, kind } = notification;
  const { alert } = incident;
  const { actor, target } = alert;
  const change = incident.history.at(-1);
  return {
    notice: NOTICE_WORDS[kind],
    severity: incident.severity,
    state: incident.state,
    summary: text(alert.summary),
    why: text(alert.why),
    rule: name(incident.rule.id),
    rule_title: name(incident.rule.title),
    tenant: name(incident.tenant),
    environment: name(target?.environment),
    server: name(target?.server),
    tool: name(target?.tool),
    where: whereText(incident),
    agent: name(actor?.agent),
    team: name(actor?.team),
    owner: text(alert.owner),
    principal: name(actor?.principal),
    credential: name(actor?.credential),
    assurance: actor?.assurance ?? "unknown",
    who: whoText(incident),
    session: name(alert.session?.id),
    calls: callsText(incident),
    done: text(doneText(done)),
    undo: undoCommand(done),
    still_valid: text(stillValidText(alert, done)),
    in_flight: inFlightText(done),
    next: alert.next.map(text).join("\n"),
    note: kind === "opened" || kind === "grew" ? "" : text(change?.note),
    by: kind === "opened" || kind === "grew" ? "" : name(change?.by),
    alerts: String(incident.alerts),
    opened_at: incident.opened_at,
    last_alert_at: incident.last_alert_at,
    escalation: String(incident.escalation),
    incident: incident.id,
    link: incidentLink(notification),
  };
}

export function incidentLink({ incident, publicUrl }: Notification): string {
  return `${publicUrl}/#/incidents/${incident.id}`;
}

function whereText({ alert }: Incident): string {
  const { server, tool, environment } = alert.target ?? {};
  const call = [tool, server].flatMap((part) => (part === undefined ? [] : [name(part)])).join(" on ");
  const owner = alert.owner === undefined ? "" : `owner ${text(alert.owner)}`;
  return [call, name(environment), owner].filter((part) => part !== "").join(", ");
}

function whoText({ alert }: Incident): string {
  const { agent, team, credential, assurance, principal } = alert.actor ?? {};
  const parts = [
    agent === undefined ? "" : `agent ${name(agent)}`,
    team === undefined ? "" : `of team ${name(team)}`,
    credential === undefined ? "" : `with ${name(credential)} (${assurance ?? "unknown"})`,
    principal === undefined ? "" : `on behalf of ${name(principal)}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function callsText({ alert }: Incident): string {
  const shown = alert.evidence.slice(0, MAX_CALLS).map((call, index) => {
    const what = [call.tool, call.server].flatMap((part) => (part === undefined ? [] : [name(part)]));
    const note = call.note === undefined ? "" : `: ${text(call.note)}`;
    return `${index + 1}. ${call.time} ${what.join(" on ") || name(call.step)}${note}`;
  });
  const more = alert.evidence.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

function inFlightText({ in_flight = [] }: WhatWasDone): string {
  const shown = in_flight.slice(0, MAX_CALLS).map(({ tool, server, started }) => {
    const what = [tool, server].flatMap((part) => (part === undefined ? [] : [name(part)])).join(" on ");
    return `${what || "a call"} since ${started}`;
  });
  const more = in_flight.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

function name(captured: string | undefined): string {
  return inertText(captured ?? "", MAX_NAME_CHARS);
}

function text(captured: string | undefined): string {
  return inertText(captured ?? "", MAX_TEXT_CHARS);
}
