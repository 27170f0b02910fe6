import { assurance, credentialId, MAX_NAME_CHARS, OUTCOMES, tenantId } from "@tripline/events";
import { EPOCH, ZERO_UUID } from "../sql/row.ts";
import { ENVELOPE_LAYOUT } from "./envelope-columns.ts";
import { isStorableTime, scaled, ZERO_HASH } from "./storable.ts";

/**
 * The short way from an envelope's text to its row, for the form that nearly all have: a call or an intent, written as
 * JSON.stringify writes it, keys in the schema's order, no rare parts, no escapes. Nothing is parsed: values go from the
 * text into the row as they stand. It costs a fifth of parsing, checking and encoding.
 *
 * It takes nothing that the schema refuses, and makes the row that `rowFromEnvelope` makes: a property test holds it to
 * both. What it does not know at once it leaves to them.
 */
export interface PlainEnvelope {
  /** Index behind the envelope's closing brace. */
  end: number;
  /** The row's text up to the columns of its source. */
  head: string;
  tenant: string;
  id: string;
  time: string;
  producer: { id: string; boot: string; seq: number };
  /** Empty when the envelope names none. */
  payloadHash: string;
}

/** @param from where the envelope's opening brace is */
export function scanPlainEnvelope(text: string, from: number): PlainEnvelope | null {
  PLAIN.lastIndex = from;
  const values = PLAIN.exec(text);
  if (values === null) return null;
  const row: string[] = [];
  for (const { take, absent } of FIELDS) {
    const value = values[row.length + 1];
    const taken = value === undefined || take === null ? value : take(value);
    if (taken === null) return null;
    row.push(taken ?? absent);
  }
  const bare = (path: string): string => values[PLACES.get(path) ?? 0]?.slice(1, -1) ?? "";
  return {
    end: PLAIN.lastIndex,
    head: `[${row.join(",")},"","","",`,
    tenant: bare("tenant"),
    id: bare("id"),
    time: bare("time"),
    producer: { id: bare("producer.id"), boot: bare("producer.boot"), seq: Number(values[SEQ]) },
    payloadHash: bare("payload_hash"),
  };
}

/** A value's text in the row from its text in the record; null for what is left to the schema. */
type Take = (json: string) => string | null;

/** The form of a value, quotes and all, and what the form can't say. */
interface Form {
  pattern: string;
  take: Take | null;
}

// No escapes, and no control characters, which neither JSON nor a name may hold.
const TEXT = String.raw`"[^"\\\u0000-\u001f\u007f]+"`;
const LONGEST = MAX_NAME_CHARS + 2;
const isShort: Take = (json) => (json.length <= LONGEST ? json : null);
const name: Form = { pattern: TEXT, take: isShort };
const HEX = "[0-9a-f]";
const uuid: Form = {
  pattern: `"${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}"`,
  take: (json) => (json === NO_UUID ? null : json),
};
const NO_UUID = JSON.stringify(ZERO_UUID);
const hash: Form = { pattern: `"${HEX}{64}"`, take: (json) => (json === NO_HASH ? null : json) };
const NO_HASH = JSON.stringify(ZERO_HASH);
const flag: Form = { pattern: "true|false", take: null };
/** Any number of so many digits is a safe integer. */
const count: Form = { pattern: String.raw`(?:0|[1-9]\d{0,14})(?![\d.eE])`, take: null };

function oneOf(words: readonly string[]): Form {
  return { pattern: words.map((word) => `"${word.replaceAll(".", "\\.")}"`).join("|"), take: null };
}

/** Values that a few records repeat over and over are checked once. */
function remembered(check: (value: string) => boolean): Form {
  const good = new Set<string>();
  const take: Take = (json) => {
    if (good.has(json)) return json;
    if (json.length > LONGEST || !check(json.slice(1, -1))) return null;
    if (good.size >= MAX_REMEMBERED) good.clear();
    good.add(copy(json));
    return json;
  };
  return { pattern: TEXT, take };
}
const MAX_REMEMBERED = 10_000; // some MB of credentials at most

/** A part of a text keeps the whole of it in memory; a copy does not. */
function copy(text: string): string {
  return Buffer.from(text).toString();
}

const days = new Set<string>();
const MAX_DAYS = 1_000;
const time: Form = {
  pattern: String.raw`"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z"`,
  take(json) {
    const day = json.slice(1, 11);
    if (days.has(day)) return json;
    if (!isStorableTime(json.slice(1, -1))) return null;
    // The epoch itself means "absent": its day is looked at each time.
    if (EPOCH.startsWith(day)) return json;
    if (days.size >= MAX_DAYS) days.clear();
    days.add(copy(day));
    return json;
  },
};

function scaledBy(scale: number): Form {
  return {
    pattern: String.raw`\d[\d.]*(?![eE])`,
    take(json) {
      const value = Number(json);
      const units = scaled(value, scale);
      return units === null || String(value) !== json ? null : String(units);
    },
  };
}

function list(most: number): Form {
  return {
    pattern: String.raw`\[${TEXT}(?:,${TEXT})*\]`,
    take(json) {
      const entries: unknown[] = JSON.parse(json);
      const isFine = entries.every((entry) => typeof entry === "string" && entry.length <= MAX_NAME_CHARS);
      return isFine && entries.length <= most ? json : null;
    },
  };
}

/** What each column's field looks like; `!` marks those that a call and an intent must have. */
const FORMS: Readonly<Record<string, Form>> = {
  "id!": uuid,
  "type!": oneOf(["call", "call.intent"]),
  "time!": time,
  received: time,
  "tenant!": remembered((value) => tenantId.safeParse(value).success),
  "producer.id!": name,
  "producer.boot!": uuid,
  "producer.seq!": count,
  "producer.enforcement": oneOf(["enforced", "advisory"]),
  "actor.principal": name,
  "actor.agent": name,
  "actor.client": name,
  "actor.credential": remembered((value) => credentialId.safeParse(value).success),
  "actor.token_id": name,
  "actor.assurance": oneOf(assurance.options),
  "actor.team": name,
  "actor.roles": list(64),
  "actor.delegation": list(16),
  "session.id": name,
  "session.source": oneOf(["mcp", "conversation", "trace", "quiet_gap"]),
  "session.trace_id": name,
  "session.span_id": name,
  "target.server": name,
  "target.tool": name,
  "target.definition": hash,
  "target.upstream": name,
  "target.upstream_env": name,
  "target.transport": oneOf(["stdio", "http", "in_process"]),
  "target.environment": name,
  "call.id!": uuid,
  "call.method!": name,
  "call.started": time,
  "call.deadline": time,
  "call.duration_ms": scaledBy(1_000),
  "call.outcome": oneOf(OUTCOMES),
  "call.error_code": name,
  "call.args_bytes": count,
  "call.result_bytes": count,
  "call.result_items": count,
  "call.truncated": flag,
  "policy.decision": oneOf(["allow", "deny", "hold"]),
  "policy.rule": name,
  "policy.approved_by": name,
  "usage.tokens_in": count,
  "usage.tokens_out": count,
  "usage.cost_usd": scaledBy(1_000_000_000),
  payload_hash: hash,
};
const REQUIRED_SECTIONS = new Set(["producer", "target", "call"]);

const FIELDS: { take: Take | null; absent: string }[] = [];
/** The group of each field. */
const PLACES = new Map<string, number>();

/** One field as a part of the pattern. @param opening what stands before its key */
function member(path: string, key: string, opening: string, absent: unknown): string {
  const required = FORMS[`${path}!`];
  const form = required ?? FORMS[path];
  if (form === undefined) throw new Error(`the layout's ${path} has no form`);
  const isList = path === "actor.roles" || path === "actor.delegation";
  FIELDS.push({ take: form.take, absent: isList ? "[]" : JSON.stringify(absent) });
  PLACES.set(path, FIELDS.length);
  const written = `${opening}"${key}":(${form.pattern})`;
  return required === undefined ? `(?:${written})?` : written;
}

function isColumn(entry: object): entry is readonly [string, { absent: unknown }] {
  return Array.isArray(entry);
}

/** A comma, unless it is the section's first member. */
const COMMA = String.raw`(?:(?<=\{)|(?<!\{),)`;

/** The layout as one pattern, with a group for each column. */
function patternOf(): RegExp {
  const parts = Object.entries(ENVELOPE_LAYOUT).map(([key, entry]) => {
    if (entry === null) return ""; // `v` stands first; the rare parts are left to the schema
    if (isColumn(entry)) return member(key, key, ",", entry[1].absent);
    const members = Object.entries(entry).map(([name, [, kind]]) =>
      member(`${key}.${name}`, name, COMMA, kind.absent),
    );
    const section = String.raw`,"${key}":\{(?!\})${members.join("")}\}`;
    return REQUIRED_SECTIONS.has(key) ? section : `(?:${section})?`;
  });
  return new RegExp(String.raw`\{"v":1${parts.join("")}\}`, "y");
}

const PLAIN = patternOf();
const SEQ = PLACES.get("producer.seq") ?? 0;
