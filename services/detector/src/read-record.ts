import {
  isNestedDeeper,
  type RECORD_TYPES,
  RULES_PRODUCER,
  type RulesChanged,
  rulesChangedSchema,
  TriplineError,
  type TriplineRecord,
} from "@tripline/events";

type RecordType = (typeof RECORD_TYPES)[number];

/** Record types that rules look at, that change the rules, or that say what has been usual. */
const JUDGED: ReadonlySet<unknown> = new Set<RecordType>([
  "call",
  "call.intent",
  "tools.listed",
  "rules.changed",
  "statement",
]);
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a record of the events topic: null for one that no rule looks at. Checks only what detection relies on, since
 * the collector has validated it; what the full schema accepts is accepted here.
 * @throws TriplineError TRIPLINE_RECORD_INVALID
 */
export function readRecord(value: Uint8Array): TriplineRecord | null {
  const json = parse(value);
  if (!isObject(json) || !isObject(json.envelope)) throw invalid("envelope");
  if (!JUDGED.has(json.envelope.type)) return null;
  if (isNestedDeeper(json)) throw invalid("its depth");
  const wrong = wrongPart(json.envelope, json.payload);
  if (wrong !== null) throw invalid(wrong);
  if (!isRecord(json)) throw invalid("envelope");
  return json;
}

/**
 * What a `rules.changed` record says; null for any other. Only what the detector itself wrote counts: the collector lets
 * nobody else speak under its name.
 * @throws TriplineError TRIPLINE_RECORD_INVALID
 */
export function rulesChangedIn({ envelope }: TriplineRecord): RulesChanged | null {
  if (envelope.type !== "rules.changed") return null;
  const parsed = rulesChangedSchema.safeParse(envelope.rules);
  if (envelope.producer.id !== RULES_PRODUCER || !parsed.success) throw invalid("envelope.rules");
  return parsed.data;
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(value));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_RECORD_INVALID", "the record is not JSON", { cause });
  }
}

function invalid(path: string): TriplineError {
  return new TriplineError("TRIPLINE_RECORD_INVALID", `the record is invalid at ${path}`);
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** `wrongPart` has looked at the parts. */
function isRecord(value: Json): value is Json & TriplineRecord {
  return isObject(value.envelope) && (value.payload === undefined || isObject(value.payload));
}

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  actor: ["principal", "agent", "client", "credential", "assurance", "team"],
  session: ["id", "source", "trace_id"],
  target: ["server", "tool", "definition", "upstream", "transport", "environment"],
  call: ["method", "outcome", "error_code"],
  policy: ["decision"],
};
const PAYLOAD_TEXTS = ["args_digest", "result", "error"];

/** The first part that detection could stumble over, or null. */
function wrongPart(envelope: Json, payload: unknown): string | null {
  if (typeof envelope.id !== "string" || typeof envelope.tenant !== "string") return "envelope.id";
  if (typeof envelope.time !== "string" || Number.isNaN(Date.parse(envelope.time))) return "envelope.time";
  const { producer } = envelope;
  if (!isObject(producer) || typeof producer.id !== "string" || typeof producer.boot !== "string") {
    return "envelope.producer";
  }
  if (typeof producer.seq !== "number") return "envelope.producer.seq";
  for (const [part, names] of Object.entries(TEXTS)) {
    const value = envelope[part];
    if (value !== undefined && (!isObject(value) || !haveTexts(value, names))) return `envelope.${part}`;
  }
  if (isObject(envelope.actor) && envelope.actor.roles !== undefined && !areTexts(envelope.actor.roles)) {
    return "envelope.actor.roles";
  }
  if (
    envelope.type !== "tools.listed" &&
    envelope.type !== "rules.changed" &&
    envelope.type !== "statement" &&
    (!isObject(envelope.call) || typeof envelope.call.id !== "string")
  ) {
    return "envelope.call";
  }
  if (envelope.type === "tools.listed" && !isListing(envelope.listing)) return "envelope.listing";
  return payload === undefined ? null : wrongPayload(payload);
}

function isListing(listing: unknown): boolean {
  if (listing === undefined) return true;
  return (
    isObject(listing) &&
    Array.isArray(listing.tools) &&
    listing.tools.every(
      (tool) => isObject(tool) && typeof tool.name === "string" && typeof tool.definition === "string",
    )
  );
}

function wrongPayload(payload: unknown): string | null {
  if (!isObject(payload) || !haveTexts(payload, PAYLOAD_TEXTS)) return "payload";
  if (payload.definitions !== undefined && !Array.isArray(payload.definitions)) return "payload.definitions";
  const { fingerprints } = payload;
  if (fingerprints === undefined) return null;
  if (!isObject(fingerprints)) return "payload.fingerprints";
  return isFingerprint(fingerprints.args) && isFingerprint(fingerprints.result)
    ? null
    : "payload.fingerprints";
}

function isFingerprint(value: unknown): boolean {
  return value === undefined || (isObject(value) && areTexts(value.values) && areTexts(value.shingles));
}

function haveTexts(value: Json, names: readonly string[]): boolean {
  return names.every((name) => value[name] === undefined || typeof value[name] === "string");
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
