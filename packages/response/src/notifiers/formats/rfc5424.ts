import type { Severity } from "@tripline/events";
import { bytes } from "../../wording/message.ts";

/** Syslog's severities, RFC 5424 6.2.1. */
export const SYSLOG_SEVERITY: Record<Severity, number> = {
  critical: 2,
  high: 3,
  medium: 4,
  low: 5,
  informational: 6,
};

export interface SyslogMessage {
  facility: number;
  severity: Severity;
  /** RFC 3339 in UTC */
  time: string;
  host: string;
  messageId: string;
  text: string;
}

/**
 * One RFC 5424 message without framing and without structured data: its text has a structure of its own. UTF-8 without a byte
 * order mark, which receivers of CEF and JSON trip over.
 */
export function syslogMessage({ facility, severity, time, host, messageId, text }: SyslogMessage): string {
  const priority = facility * 8 + SYSLOG_SEVERITY[severity];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  const plain = text.replace(/[\u0000-\u001f\u007f]/g, " "); // an old receiver takes a line end for the end of the message
  return `<${priority}>1 ${time} ${field(host, 255)} tripline - ${field(messageId, 32)} - ${plain}`;
}

/** RFC 6587 3.4.1, and RFC 5425 4.3: the length in bytes, a space, the message. */
export function octetCounted(message: string): string {
  return `${bytes(message)} ${message}`;
}

/** A header field holds printable US-ASCII without spaces; the nil value when nothing is left. */
function field(text: string, max: number): string {
  return text.replace(/[^\x21-\x7e]/g, "").slice(0, max) || "-";
}
