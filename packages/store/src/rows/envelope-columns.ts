import { EPOCH, ZERO_UUID } from "../sql/row.ts";
import {
  isStorableCount,
  isStorableHash,
  isStorableList,
  isStorableText,
  isStorableTime,
  isStorableUuid,
  scaled,
} from "./storable.ts";

/** How one kind of envelope field is kept in its column. */
export interface ColumnKind {
  /** Which form, for who writes it in SQL. */
  form: "text" | "uuid" | "time" | "hash" | "count" | "flag" | "scaled" | "list";
  /** Of `scaled`: units in 1. */
  scale?: number;
  /** What the column holds when the field is absent. */
  absent: unknown;
  /** The column's value, or undefined when the field can't be rebuilt from it. */
  store(value: unknown): unknown;
  /** The field's value; not called for `absent`. */
  load(stored: unknown): unknown;
}

function kept(form: ColumnKind["form"], absent: unknown, fits: (value: unknown) => boolean): ColumnKind {
  return { form, absent, store: (value) => (fits(value) ? value : undefined), load: (stored) => stored };
}

function scaledKind(scale: number): ColumnKind {
  return {
    form: "scaled",
    scale,
    absent: null,
    store: (value) => scaled(value, scale) ?? undefined,
    load: (stored) => Number(stored) / scale,
  };
}

const text = kept("text", "", isStorableText);
const uuid = kept("uuid", ZERO_UUID, isStorableUuid);
const time = kept("time", EPOCH, isStorableTime);
const hash = kept("hash", "", isStorableHash);
const count = kept("count", null, isStorableCount);
const flag = kept("flag", null, (value) => typeof value === "boolean");
const micros = scaledKind(1_000);
const nanos = scaledKind(1_000_000_000);
const list: ColumnKind = {
  form: "list",
  absent: null,
  store: (value) => (isStorableList(value) ? value : undefined),
  load: (stored) => stored,
};

export interface EnvelopeColumn {
  column: string;
  kind: ColumnKind;
}

type Fields = Readonly<Record<string, readonly [column: string, kind: ColumnKind]>>;

/**
 * The envelope's fields in the order of its bytes (see `envelopeSchema`): a column, a section of columns, or `null` for
 * parts that only `detail` holds. A field that is missing here is kept in `detail` too, behind the known ones.
 */
export const ENVELOPE_LAYOUT: Readonly<Record<string, readonly [string, ColumnKind] | Fields | null>> = {
  v: null,
  id: ["id", uuid],
  type: ["type", text],
  time: ["time", time],
  received: ["received", time],
  tenant: ["tenant", text],
  producer: {
    id: ["producer", text],
    boot: ["boot", uuid],
    seq: ["seq", count],
    enforcement: ["enforcement", text],
  },
  actor: {
    principal: ["principal", text],
    agent: ["agent", text],
    client: ["client", text],
    credential: ["credential", text],
    token_id: ["token_id", text],
    assurance: ["assurance", text],
    team: ["team", text],
    roles: ["roles", list],
    delegation: ["delegation", list],
  },
  session: {
    id: ["session", text],
    source: ["session_source", text],
    trace_id: ["trace_id", text],
    span_id: ["span_id", text],
  },
  target: {
    server: ["server", text],
    tool: ["tool", text],
    definition: ["definition", text],
    upstream: ["upstream", text],
    upstream_env: ["upstream_env", text],
    transport: ["transport", text],
    environment: ["environment", text],
  },
  call: {
    id: ["call_id", uuid],
    method: ["method", text],
    started: ["started", time],
    deadline: ["deadline", time],
    duration_ms: ["duration_us", micros],
    outcome: ["outcome", text],
    error_code: ["error_code", text],
    args_bytes: ["args_bytes", count],
    result_bytes: ["result_bytes", count],
    result_items: ["result_items", count],
    truncated: ["truncated", flag],
  },
  policy: {
    decision: ["decision", text],
    rule: ["decision_rule", text],
    approved_by: ["approved_by", text],
  },
  usage: {
    tokens_in: ["tokens_in", count],
    tokens_out: ["tokens_out", count],
    cost_usd: ["cost_nanousd", nanos],
  },
  listing: null,
  heartbeat: null,
  applied: null,
  decision: null,
  access: null,
  rules: null,
  erasure: null,
  retention: null,
  payload_hash: ["payload_hash_hex", hash],
};

export const ENVELOPE_VERSION = 1; // `v` is not stored unless it is another
