import type { RecordView } from "./record-view.ts";

/** A field's value: several for lists, undefined when the record has none. */
export type FieldValue = string | number | boolean | readonly string[] | undefined;

interface Field {
  read(view: RecordView): FieldValue;
  about: string;
  /** Known only when the call has ended. */
  atEnd?: true;
}

/** The flat view that selections, `group-by` and templates use. `args.NAME` is added to these. */
export const FIELDS: Readonly<Record<string, Field>> = {
  type: { read: (view) => view.record.envelope.type, about: "record type: call, call.intent, tools.listed" },
  tenant: { read: (view) => view.record.envelope.tenant, about: "tenant" },
  producer: { read: (view) => view.record.envelope.producer.id, about: "who recorded it" },
  principal: { read: (view) => view.record.envelope.actor?.principal, about: "subject id of the person" },
  agent: { read: (view) => view.record.envelope.actor?.agent, about: "the autonomous worker" },
  client: {
    read: (view) => view.record.envelope.actor?.client,
    about: "the program driving it, self-reported",
  },
  credential: { read: (view) => view.record.envelope.actor?.credential, about: "credential id" },
  assurance: {
    read: (view) => view.record.envelope.actor?.assurance,
    about: "verified, asserted or unknown",
  },
  team: { read: (view) => view.record.envelope.actor?.team, about: "team" },
  roles: { read: (view) => view.record.envelope.actor?.roles, about: "roles, a list" },
  session: { read: (view) => view.record.envelope.session?.id, about: "session id" },
  "session.source": {
    read: (view) => view.record.envelope.session?.source,
    about: "where the session id is from",
  },
  server: { read: (view) => view.record.envelope.target?.server, about: "MCP server" },
  tool: {
    read: (view) =>
      view.record.envelope.target?.tool ?? view.record.envelope.listing?.tools.map(({ name }) => name),
    about: "tool; on tools.listed the list of tools",
  },
  definition: {
    read: (view) => view.record.envelope.target?.definition,
    about: "hash of the tool's definition",
  },
  upstream: { read: (view) => view.record.envelope.target?.upstream, about: "the service behind the server" },
  transport: { read: (view) => view.record.envelope.target?.transport, about: "stdio, http or in_process" },
  environment: { read: (view) => view.record.envelope.target?.environment, about: "e.g. production" },
  method: { read: (view) => view.record.envelope.call?.method, about: "JSON-RPC method" },
  outcome: {
    read: (view) => view.outcome,
    about: "ok, tool_error, protocol_error, denied, timeout, cancelled, in_doubt",
    atEnd: true,
  },
  error: { read: (view) => view.record.payload?.error, about: "error text, redacted", atEnd: true },
  error_code: { read: (view) => view.record.envelope.call?.error_code, about: "error code", atEnd: true },
  duration_ms: {
    read: (view) => view.record.envelope.call?.duration_ms,
    about: "duration in ms",
    atEnd: true,
  },
  args_bytes: { read: (view) => view.record.envelope.call?.args_bytes, about: "size of the arguments" },
  result_bytes: {
    read: (view) => view.record.envelope.call?.result_bytes,
    about: "size of the result",
    atEnd: true,
  },
  result_items: {
    read: (view) => view.record.envelope.call?.result_items,
    about: "items in the result",
    atEnd: true,
  },
  args: { read: (view) => view.args.map(({ text }) => text), about: "every scalar of the arguments, a list" },
  args_digest: { read: (view) => view.argsDigest ?? undefined, about: "equal arguments, equal digest" },
  result: { read: (view) => view.record.payload?.result, about: "the result's text, redacted", atEnd: true },
  decision: { read: (view) => view.record.envelope.policy?.decision, about: "allow or deny" },
  cost_usd: { read: (view) => view.record.envelope.usage?.cost_usd, about: "cost in USD", atEnd: true },
  effect: { read: (view) => view.effectNames, about: "what the call may do, a list: see effects" },
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
  const below = `${path}.`;
  return (view) => {
    const found = view.args.filter((argument) => argument.path === path || argument.path.startsWith(below));
    return found.length === 0 ? undefined : found.map(({ text }) => text);
  };
}

export function isKnownOnlyAtEnd(name: string): boolean {
  return FIELDS[name]?.atEnd === true;
}

/** The field as one text, for grouping and templates; undefined when it is missing, a list of none, or not a scalar. */
export function fieldText(view: RecordView, name: string): string | undefined {
  const value = fieldReader(name)(view);
  if (value === undefined || typeof value === "string") return value;
  if (typeof value === "object") return value.length === 1 ? value[0] : undefined;
  return String(value);
}
