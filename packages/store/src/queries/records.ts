import {
  type Envelope,
  envelopeSchema,
  IN_DOUBT_PRODUCER,
  payloadSchema,
  TriplineError,
} from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { textFromParts } from "../rows/payload-row.ts";
import { ENVELOPE_COLUMNS, envelopeFromRow } from "../rows/record-row.ts";
import { EPOCH, type Row } from "../sql/row.ts";
import { isUuid, type Sql, sql, tenant, time, uuidValue } from "../sql/sql.ts";
import { LOOKUP_LIMITS } from "./limits.ts";
import type { CallDetail, QueryOptions, ReaderScope, StoredRecord } from "./types.ts";

/** Every column that the envelope is rebuilt from, under the name that `envelopeText` knows. */
export const ENVELOPE_SELECT: Sql = {
  pieces: [
    `${ENVELOPE_COLUMNS.map((column) => {
      if (column === "payload_hash_hex") {
        return "if(payload_hash = unhex(repeat('0', 64)), '', lower(hex(payload_hash))) AS c_payload_hash_hex";
      }
      return `${column} AS c_${column}`;
    }).join(", ")}, detail, raw, generation, source_partition, source_offset, append_time`,
  ],
};

/** Every column that the payload is rebuilt from, under the name that `payloadText` knows. */
export const PAYLOAD_SELECT = sql`args, result, error, rest, raw,
  if(salt = unhex(repeat('0', 32)), '', lower(hex(salt))) AS salt_digits,
  if(args_digest = unhex(repeat('0', 32)), '', lower(hex(args_digest))) AS args_digest_digits`;

const MAX_RECORDS_OF_A_CALL = 16; // its intent and its end; more only when a producer erred

export async function record(
  database: Database,
  scope: ReaderScope,
  id: string,
  options: QueryOptions = {},
): Promise<StoredRecord | null> {
  if (!isUuid(id)) return null;
  const [found] = await select(database, scope, sql`id = ${uuidValue(id)}`, options);
  return found ?? null;
}

export async function call(
  database: Database,
  scope: ReaderScope,
  id: string,
  options: QueryOptions = {},
): Promise<CallDetail | null> {
  if (!isUuid(id)) return null;
  let found = await select(database, scope, sql`call_id = ${uuidValue(id)}`, options);
  if (found.length === 0) {
    const one = await record(database, scope, id, options);
    if (one === null) return null;
    const callId = one.envelope.call?.id;
    if (callId === undefined) return { call_id: null, intent: null, call: one, in_doubt: null };
    found = await select(database, scope, sql`call_id = ${uuidValue(callId)}`, options);
  }
  const intent = found.find(({ envelope }) => envelope.type === "call.intent") ?? null;
  const ends = found.filter(({ envelope }) => envelope.type === "call");
  const closing = ends.find(({ envelope }) => envelope.producer.id === IN_DOUBT_PRODUCER) ?? null;
  const end = ends.find(({ envelope }) => envelope.producer.id !== IN_DOUBT_PRODUCER) ?? closing;
  return {
    call_id: (end ?? intent)?.envelope.call?.id ?? null,
    intent,
    call: end,
    in_doubt: closing === null ? null : { record_id: closing.envelope.id, since: closing.envelope.time },
  };
}

async function select(
  database: Database,
  scope: ReaderScope,
  condition: Sql,
  options: QueryOptions,
): Promise<StoredRecord[]> {
  const rows = await database.select(
    {
      columns: ENVELOPE_SELECT,
      rest: sql`FROM records WHERE tenant = ${tenant(scope.tenant)} AND ${condition}
        ORDER BY time, seq LIMIT ${{ pieces: [String(MAX_RECORDS_OF_A_CALL)] }}`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  const found: StoredRecord[] = [];
  for (const row of rows) {
    const text = envelopeText(row);
    const envelope = parseEnvelope(text);
    const hasPayload = envelope.payload_hash !== undefined;
    const ofPayload =
      hasPayload && scope.payloads ? await payloadTextOf(database, scope, row, options) : null;
    found.push({
      envelope,
      envelope_text: text,
      source: {
        generation: row.string("generation"),
        partition: row.number("source_partition"),
        offset: row.number("source_offset"),
        append_time: row.string("append_time"),
      },
      has_payload: hasPayload,
      payload: ofPayload === null ? null : payloadSchema.parse(JSON.parse(ofPayload)),
      payload_text: ofPayload,
    });
  }
  return found;
}

export function envelopeText(row: Row): string {
  return envelopeFromRow({ values: valuesOf(row), detail: row.string("detail"), raw: row.string("raw") });
}

const RECEIVED_INDEX = ENVELOPE_COLUMNS.indexOf("received");

/** The envelope's bytes as its producer made them, without `received`: what heartbeats hash. */
export function sentText(row: Row): string {
  const values = valuesOf(row);
  const received = values[RECEIVED_INDEX];
  const raw = row.string("raw");
  // The collector writes it behind `time`, and nowhere else.
  if (raw !== "")
    return received === EPOCH ? raw : raw.replace(`,"received":${JSON.stringify(received)}`, "");
  values[RECEIVED_INDEX] = EPOCH;
  return envelopeFromRow({ values, detail: row.string("detail"), raw });
}

function valuesOf(row: Row): unknown[] {
  return ENVELOPE_COLUMNS.map((column) => {
    const value = row.raw(`c_${column}`);
    return Array.isArray(value) && value.length === 0 ? null : value;
  });
}

function parseEnvelope(text: string): Envelope {
  const parsed = envelopeSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new TriplineError(
    "TRIPLINE_STORE_ROW_UNEXPECTED",
    "a stored envelope is not one of this version's: a later version wrote it, start that one",
  );
}

async function payloadTextOf(
  database: Database,
  scope: ReaderScope,
  row: Row,
  options: QueryOptions,
): Promise<string | null> {
  const [found] = await database.select(
    {
      columns: PAYLOAD_SELECT,
      rest: sql`FROM payloads WHERE tenant = ${tenant(scope.tenant)} AND time = ${time(row.string("c_time"))}
        AND record_id = ${uuidValue(row.string("c_id"))} LIMIT 1`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  return found === undefined ? null : payloadText(found);
}

export function payloadText(row: Row): string {
  return textFromParts({
    args: row.string("args"),
    result: row.string("result"),
    error: row.string("error"),
    salt: row.string("salt_digits"),
    argsDigest: row.string("args_digest_digits"),
    rest: row.string("rest"),
    raw: row.string("raw"),
  });
}
