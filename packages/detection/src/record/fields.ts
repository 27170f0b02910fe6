import { KEYED_FIELDS } from "./keyed-fields.ts";
import { KNOWLEDGE_FIELDS } from "./knowledge-fields.ts";
import type { RecordView } from "./record-view.ts";

/** A field's value: several for lists, undefined when the record has none. */
export type FieldValue = string | number | boolean | readonly string[] | undefined;

export interface Field {
  read(view: RecordView): FieldValue;
  about: string;
  /** Known only when the call has ended. */
  atEnd?: true;
  /** Worked out from arguments or result: the second stage must have them. */
  payload?: true;
}

function keyed(name: string): Field["read"] {
  const read = KEYED_FIELDS[name];
  if (read === undefined) throw new Error(`${name} is not among KEYED_FIELDS`);
  return (view) => view.keyed(name, read);
}

const readTool = keyed("tool");

/** The detector's reader does not look at numbers: what comes straight from a producer may be anything. */
function numberIn(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The flat view that selections, `group-by` and templates use. `args.NAME` is added to these. */
export const FIELDS: Readonly<Record<string, Field>> = {
  type: { read: (view) => view.type, about: "record type: call, call.intent, tools.listed" },
  time: {
    read: (view) => new Date(view.time).toISOString(),
    about: "when it happened, in UTC: for the modifiers minute, hour, day, week, month, year",
  },
  tenant: { read: (view) => view.record.envelope.tenant, about: "tenant" },
  producer: { read: (view) => view.record.envelope.producer.id, about: "who recorded it" },
  principal: { read: (view) => view.record.envelope.actor?.principal, about: "subject id of the person" },
  agent: { read: keyed("agent"), about: "the autonomous worker" },
  client: {
    read: keyed("client"),
    about: "the program driving it, self-reported",
  },
  credential: { read: (view) => view.record.envelope.actor?.credential, about: "credential id" },
  assurance: {
    read: keyed("assurance"),
    about: "verified, asserted or unknown",
  },
  team: { read: keyed("team"), about: "team" },
  roles: { read: (view) => view.record.envelope.actor?.roles, about: "roles, a list" },
  session: { read: (view) => view.record.envelope.session?.id, about: "session id" },
  "session.source": {
    read: keyed("session.source"),
    about: "where the session id is from",
  },
  server: { read: keyed("server"), about: "MCP server" },
  tool: {
    read: (view) => readTool(view) ?? view.record.envelope.listing?.tools.map(({ name }) => name),
    about: "tool; on tools.listed the list of tools",
  },
  definition: {
    read: (view) => view.record.envelope.target?.definition,
    about: "hash of the tool's definition",
  },
  upstream: { read: keyed("upstream"), about: "the service behind the server" },
  transport: { read: keyed("transport"), about: "stdio, http or in_process" },
  environment: { read: keyed("environment"), about: "e.g. production" },
  method: { read: keyed("method"), about: "JSON-RPC method" },
  outcome: {
    read: (view) => view.outcome,
    about: "ok, tool_error, protocol_error, denied, timeout, cancelled, in_doubt",
    atEnd: true,
  },
  error: { read: (view) => view.record.payload?.error, about: "error text, redacted", atEnd: true },
  error_code: { read: keyed("error_code"), about: "error code", atEnd: true },
  duration_ms: {
    read: (view) => numberIn(view.record.envelope.call?.duration_ms),
    about: "duration in ms",
    atEnd: true,
  },
  args_bytes: {
    read: (view) => numberIn(view.record.envelope.call?.args_bytes),
    about: "size of the arguments",
  },
  result_bytes: {
    read: (view) => numberIn(view.record.envelope.call?.result_bytes),
    about: "size of the result",
    atEnd: true,
  },
  result_items: {
    read: (view) => numberIn(view.record.envelope.call?.result_items),
    about: "items in the result",
    atEnd: true,
  },
  args: { read: (view) => view.argumentValues, about: "every scalar of the arguments, a list" },
  destination: {
    read: (view) => {
      const hosts = new Set(view.argumentEffects.targets.map(({ host }) => host));
      hosts.delete(""); // an account number has none
      return hosts.size === 0 ? undefined : [...hosts];
    },
    about: "domains outside that the arguments aim at, a list",
  },
  args_digest: { read: (view) => view.argsDigest ?? undefined, about: "equal arguments, equal digest" },
  result: { read: (view) => view.record.payload?.result, about: "the result's text, redacted", atEnd: true },
  decision: {
    read: keyed("decision"),
    about: "allow or deny; of a call that waited for a verdict, what became of it",
    atEnd: true,
  },
  cost_usd: {
    read: (view) => numberIn(view.record.envelope.usage?.cost_usd),
    about: "cost in USD",
    atEnd: true,
  },
  effect: { read: (view) => view.effectNames, about: "what the call may do, a list: see effects" },
  ...KNOWLEDGE_FIELDS,
  "tool.class": { read: (view) => view.classNames, about: "kind of act the tool's name speaks of, a list" },
};

const ARGUMENT_PREFIX = "args.";

export function isField(name: string): boolean {
  return (
    Object.hasOwn(FIELDS, name) || (name.startsWith(ARGUMENT_PREFIX) && name.length > ARGUMENT_PREFIX.length)
  );
}

/** Reads fields by name. `args.to` gives every scalar at or below that argument. */
export function fieldReader(name: string): (view: RecordView) => FieldValue {
  const field = FIELDS[name];
  if (field !== undefined) return field.read;
  const path = name.slice(ARGUMENT_PREFIX.length);
  return (view) => view.argumentTexts(path);
}

export function isKnownOnlyAtEnd(name: string): boolean {
  return FIELDS[name]?.atEnd === true;
}

/** Whether a rule that reads this field needs the payload. */
export function needsPayload(name: string): boolean {
  return FIELDS[name]?.payload === true;
}

/** The field as one text, for grouping and templates; undefined when it is missing, a list of none, or not a scalar. */
export function fieldText(view: RecordView, name: string): string | undefined {
  const value = fieldReader(name)(view);
  if (value === undefined || typeof value === "string") return value;
  if (typeof value === "object") return value.length === 1 ? value[0] : undefined;
  return String(value);
}
