import { OUTCOMES, type Outcome, RECORD_TYPES, type RecordType, TriplineError } from "@tripline/events";
import type { Row } from "../sql/row.ts";
import { sql } from "../sql/sql.ts";
import type { Position } from "./cursor.ts";
import type { CallRow } from "./types.ts";

/** The columns of a record as lists show it. */
export const CALL_COLUMNS = sql`toString(id) AS record_id, type, time, received, producer, toString(boot) AS boot_id, seq,
  enforcement, principal, agent, client, credential, assurance, session, session_source, trace_id, server, tool, upstream,
  transport, environment, toString(call_id) AS the_call_id, method, started, deadline, duration_us, outcome, error_code,
  args_bytes, result_bytes, result_items, truncated, decision, decision_rule, cost_nanousd`;

const MICROS_PER_MS = 1_000;
const NANOS = 1_000_000_000;

export function callRow(row: Row): CallRow {
  const durationUs = row.nullableNumber("duration_us");
  const costNanos = row.nullableNumber("cost_nanousd");
  return {
    id: row.string("record_id"),
    type: recordType(row.string("type")),
    time: row.string("time"),
    received: row.time("received"),
    producer: row.string("producer"),
    boot: row.string("boot_id"),
    seq: row.number("seq"),
    enforcement: row.text("enforcement"),
    principal: row.text("principal"),
    agent: row.text("agent"),
    client: row.text("client"),
    credential: row.text("credential"),
    assurance: row.text("assurance"),
    session: row.text("session"),
    session_source: row.text("session_source"),
    trace_id: row.text("trace_id"),
    server: row.text("server"),
    tool: row.text("tool"),
    upstream: row.text("upstream"),
    transport: row.text("transport"),
    environment: row.text("environment"),
    call_id: row.uuid("the_call_id"),
    method: row.text("method"),
    started: row.time("started"),
    deadline: row.time("deadline"),
    duration_ms: durationUs === null ? null : durationUs / MICROS_PER_MS,
    outcome: outcome(row.text("outcome")),
    error_code: row.text("error_code"),
    args_bytes: row.nullableNumber("args_bytes"),
    result_bytes: row.nullableNumber("result_bytes"),
    result_items: row.nullableNumber("result_items"),
    truncated: row.boolean("truncated"),
    decision: row.text("decision"),
    decision_rule: row.text("decision_rule"),
    cost_usd: costNanos === null ? null : costNanos / NANOS,
  };
}

export function callPosition({ time, seq, id }: CallRow): Position {
  return { time, seq, id };
}

export const RECORD_POSITION = { time: sql`time`, seq: sql`seq`, id: sql`id` };

function recordType(value: string): RecordType {
  const type = RECORD_TYPES.find((known) => known === value);
  if (type === undefined) throw unknownWord("type");
  return type;
}

export function outcome(value: string | null): Outcome | null {
  if (value === null) return null;
  const known = OUTCOMES.find((candidate) => candidate === value);
  if (known === undefined) throw unknownWord("outcome");
  return known;
}

function unknownWord(column: string): TriplineError {
  return new TriplineError(
    "TRIPLINE_STORE_ROW_UNEXPECTED",
    `the store's column ${column} holds a word that this version does not know: a later version wrote it, start that one`,
  );
}
