import type { Notification } from "../notification.ts";
import { filled } from "./template.ts";
import { incidentLink, valuesOf } from "./values.ts";

/** What an operator put in place of the usual words. */
export interface Templates {
  title?: string | undefined;
  text?: string | undefined;
}

/** What people are told, as plain text: whoever sends it escapes it for its target. Lines are separated by `\n`. */
export interface Message {
  title: string;
  /** In order; nothing in it is empty. A label is missing where the value says it all. */
  parts: { label?: string; value: string }[];
  /** Ours, not captured: these may be links. */
  links: { label: string; url: string }[];
}

const TITLE = "{{notice}}: {{rule_title}} ({{severity}})";
const PARTS: readonly { label?: string; value: string }[] = [
  { value: "{{summary}}" },
  { label: "Why it matters", value: "{{why}}" },
  { label: "Who", value: "{{who}}" },
  { label: "Where", value: "{{where}}" },
  { label: "Calls", value: "{{calls}}" },
  { label: "Done", value: "{{done}}" },
  { label: "Undo", value: "{{undo}}" },
  { label: "Still valid", value: "{{still_valid}}" },
  { label: "Begun before and not ended", value: "{{in_flight}}" },
  { label: "Next", value: "{{next}}" },
  { label: "State", value: "{{state}}; alerts: {{alerts}}; opened {{opened_at}}; latest {{last_alert_at}}" },
  { label: "By", value: "{{by}}" },
  { label: "Note", value: "{{note}}" },
  { label: "Tenant", value: "{{tenant}}" },
];

export function messageOf(notification: Notification, templates: Templates): Message {
  const values = valuesOf(notification);
  const wanted = templates.text === undefined ? PARTS : [{ value: templates.text }];
  return {
    title: filled(templates.title ?? TITLE, values).replaceAll("\n", " "),
    parts: wanted.flatMap((part) => {
      const value = filled(part.value, values);
      return value === "" ? [] : [{ ...part, value }];
    }),
    links: notification.kind === "test" ? [] : linksOf(notification),
  };
}

function linksOf(notification: Notification): Message["links"] {
  const session = notification.incident.alert.session?.id;
  const incident = { label: "Open the incident", url: incidentLink(notification) };
  if (session === undefined) return [incident];
  const path = encodeURIComponent(session.toWellFormed());
  return [incident, { label: "Open the session", url: `${notification.publicUrl}/#/sessions/${path}` }];
}

/** The message's parts as lines of text, for targets that know nothing else. */
export function messageText({ parts }: Message): string {
  return parts.map(({ label, value }) => withLabel(label, value)).join("\n");
}

export function withLabel(label: string | undefined, value: string): string {
  if (label === undefined) return value;
  return value.includes("\n") ? `${label}:\n${value}` : `${label}: ${value}`;
}

/** The text, cut at `max` units of `size` with a note that it was. */
export function cut(text: string, max: number, size: (text: string) => number = (all) => all.length): string {
  if (size(text) <= max) return text;
  const note = "… (cut)";
  let end = Math.min(text.length, max);
  while (end > 0 && size(text.slice(0, end)) + size(note) > max) end = Math.floor(end * 0.9);
  return `${text.slice(0, end).toWellFormed()}${note}`;
}

export function bytes(text: string): number {
  return Buffer.byteLength(text);
}
