import {
  DEAD_LETTER_DECISION_HEADER,
  type DeadLetterDecision,
  deadLetterDecisionSchema,
  deadLetterId,
  tenantId,
} from "@tripline/events";
import type { NewDeadLetter } from "@tripline/store";
import { DEAD_LETTER_HEADERS, type LogRecord, MARK_HEADERS } from "@tripline/stream";

/** What stands at one position of the dead-letter topic. */
export type DeadLetterRecord =
  | { kind: "letter"; letter: NewDeadLetter }
  | { kind: "decision"; decision: DeadLetterDecision };

/** The step and the reason of a record of the topic that no step wrote. */
const STRANGER = { step: "unknown", reason: "not_a_letter" } as const;

/**
 * Reads one record of the dead-letter topic. Never refuses one: what is no letter, by its headers, is kept as a letter
 * of its own, because there is nowhere else for it to go.
 * @param generation of the log, in which the letter's original stood too
 */
export function readDeadLetter(record: LogRecord, generation: string): DeadLetterRecord {
  if (DEAD_LETTER_DECISION_HEADER in record.headers) {
    const decision = deadLetterDecisionSchema.safeParse(parseJson(record.value));
    if (decision.success) return { kind: "decision", decision: decision.data };
  }
  const origin = originOf(record);
  const { headers } = record;
  const isTombstone = headers[DEAD_LETTER_HEADERS.tombstone] === "true";
  const cut = whole(headers[DEAD_LETTER_HEADERS.cut]);
  const value = isTombstone ? null : (record.value ?? new Uint8Array(0));
  return {
    kind: "letter",
    letter: {
      ...origin,
      id: deadLetterId({ generation, ...origin }),
      tenant: tenantOf(record),
      reason: headers[DEAD_LETTER_HEADERS.reason] ?? STRANGER.reason,
      key: record.key,
      headers: originalHeaders(headers),
      value,
      bytes: cut ?? value?.byteLength ?? 0,
      cut: cut !== null,
      replayOf: replayOf(headers) ?? "",
    },
  };
}

function originOf({ topic, partition, offset, headers }: LogRecord) {
  const from = {
    step: headers[DEAD_LETTER_HEADERS.step],
    topic: headers[DEAD_LETTER_HEADERS.topic],
    partition: whole(headers[DEAD_LETTER_HEADERS.partition]),
    offset: whole(headers[DEAD_LETTER_HEADERS.offset]),
  };
  const { step, topic: fromTopic, partition: fromPartition, offset: fromOffset } = from;
  return step === undefined || fromTopic === undefined || fromPartition === null || fromOffset === null
    ? { step: STRANGER.step, topic, partition, offset }
    : { step, topic: fromTopic, partition: fromPartition, offset: fromOffset };
}

/**
 * Whose letter it is, as its key says, which the collector or a topic's ACL stands for. A value that can be read and
 * names another tenant makes it nobody's: then only the operator sees it.
 */
function tenantOf({ key, value }: LogRecord): string {
  const named = tenantId.safeParse(key?.split("/")[0]);
  if (!named.success) return "";
  const json = parseJson(value);
  const inside = isObject(json) ? (isObject(json.envelope) ? json.envelope.tenant : json.tenant) : undefined;
  return inside === undefined || inside === named.data ? named.data : "";
}

/** The id of the letter whose replay this record was. */
function replayOf(headers: Readonly<Record<string, string>>): string | null {
  const of = headers[MARK_HEADERS.replayOf];
  const step = headers[MARK_HEADERS.replayStep];
  const parts = /^(.+)\/([^/]+)\/(\d{1,9})\/(\d{1,15})$/.exec(of ?? "");
  const [, generation, topic, partition, offset] = parts ?? [];
  if (step === undefined || generation === undefined || topic === undefined) return null;
  return deadLetterId({ generation, topic, partition: Number(partition), offset: Number(offset), step });
}

const ADDED = new Set<string>(Object.values(DEAD_LETTER_HEADERS));

function originalHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ADDED.has(name)));
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(value: Uint8Array | null): unknown {
  if (value === null) return undefined;
  try {
    return JSON.parse(Buffer.from(value).toString("utf8"));
  } catch {
    return undefined; // many letters are letters because of that
  }
}
