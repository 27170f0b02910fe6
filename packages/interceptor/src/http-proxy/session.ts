import type { IncomingHttpHeaders } from "node:http";
import type { Session } from "../interceptor.ts";
import { isObject } from "../mcp/json-rpc.ts";
import { parseTraceparent, traceOf } from "../mcp/meta.ts";

const MAX_ID_CHARS = 256; // as the record allows

/** The MCP session id of a request, printable and as long as a record takes, or undefined. */
export function mcpSessionId(value: string | undefined): string | undefined {
  const id = value?.replace(/\p{Cc}/gu, "").slice(0, MAX_ID_CHARS);
  return id === "" ? undefined : id;
}

/**
 * What a request belongs to: its MCP session, else the conversation that its `_meta` states, else its trace (header
 * `traceparent`, then `_meta`), else nothing, and the interceptor goes by credential and quiet gap.
 * @param frame the parsed body, where it is one JSON-RPC message
 */
export function sessionOf(headers: IncomingHttpHeaders, frame?: unknown): Session {
  const header = headers.traceparent;
  const trace = typeof header === "string" ? parseTraceparent(header) : null;
  const id = mcpSessionId(textOf(headers["mcp-session-id"]));
  if (id !== undefined) return { id, source: "mcp", ...trace };
  const stated = isObject(frame) && isObject(frame.params) ? traceOf(frame.params._meta) : null;
  if (stated?.source === "conversation") return { ...stated, ...trace };
  if (trace !== null) return { id: trace.trace_id, source: "trace", ...trace };
  return stated ?? {};
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
