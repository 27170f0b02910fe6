import { MAX_CREDENTIAL_CHARS, MAX_NAME_CHARS } from "@tripline/events";

/**
 * Recognises the envelopes of calls and intents that nearly every line holds, in a quarter of the schema's time.
 * Says true only for what `parseRecord` accepts (a property test holds it to that). Everything else, other record types and
 * unknown keys included, is the schema's to judge.
 */
export function isPlainCall(value: unknown): boolean {
  return envelope(value);
}

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Check>>;

const matches =
  (pattern: RegExp, maxChars = Number.POSITIVE_INFINITY): Check =>
  (value) =>
    typeof value === "string" && value.length <= maxChars && pattern.test(value);
const oneOf = (...allowed: readonly unknown[]): Check => {
  const set = new Set(allowed);
  return (value) => set.has(value);
};
const listOf =
  (check: Check, max: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= max && value.every(check);
const count: Check = (value) => Number.isSafeInteger(value) && typeof value === "number" && value >= 0;
const amount: Check = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const flag: Check = (value) => typeof value === "boolean";

const uuid = matches(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const timestamp = matches(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const sha256 = matches(/^[0-9a-f]{64}$/);
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const name = matches(/^[^\u0000-\u001f\u007f]+$/, MAX_NAME_CHARS);
const tenant = matches(/^[a-z0-9][a-z0-9._-]{0,62}$/);
const credential = matches(/^(local:[^\s/]+|key:[^\s/]+\/\S+|grant:\S+\/\S+\/\S+)$/, MAX_CREDENTIAL_CHARS);

function object(required: Fields, optional: Fields): Check {
  const checks = new Map(Object.entries({ ...required, ...optional }));
  const needed = Object.keys(required);
  return (value) => {
    if (!isObject(value)) return false;
    for (const key of needed) if (!Object.hasOwn(value, key)) return false;
    for (const key of Object.keys(value)) {
      const check = checks.get(key);
      if (check === undefined || !check(value[key])) return false;
    }
    return true;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const envelope = object(
  {
    v: oneOf(1),
    id: uuid,
    type: oneOf("call", "call.intent"),
    time: timestamp,
    tenant,
    producer: object({ id: name, boot: uuid, seq: count }, { enforcement: oneOf("enforced", "advisory") }),
    target: object(
      {},
      {
        server: name,
        tool: name,
        definition: sha256,
        upstream: name,
        upstream_env: name,
        transport: oneOf("stdio", "http", "in_process"),
        environment: name,
      },
    ),
    call: object(
      { id: uuid, method: name },
      {
        started: timestamp,
        deadline: timestamp,
        duration_ms: amount,
        outcome: oneOf("ok", "tool_error", "protocol_error", "denied", "timeout", "cancelled", "in_doubt"),
        error_code: name,
        args_bytes: count,
        result_bytes: count,
        result_items: count,
        truncated: flag,
      },
    ),
  },
  {
    actor: object(
      {},
      {
        principal: name,
        agent: name,
        client: name,
        credential,
        token_id: name,
        assurance: oneOf("verified", "asserted", "unknown"),
        team: name,
        roles: listOf(name, 64),
        delegation: listOf(name, 16),
      },
    ),
    session: object(
      {},
      { id: name, source: oneOf("mcp", "conversation", "trace", "quiet_gap"), trace_id: name, span_id: name },
    ),
    policy: object({}, { decision: oneOf("allow", "deny", "hold"), rule: name, approved_by: name }),
    usage: object({}, { tokens_in: count, tokens_out: count, cost_usd: amount }),
    payload_hash: sha256,
  },
);
