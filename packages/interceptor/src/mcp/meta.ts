import type { Session } from "../interceptor.ts";
import { isObject } from "./json-rpc.ts";

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/; // W3C Trace Context, section 3.2
const NO_TRACE = "0".repeat(32);

/** Trace and span of a W3C `traceparent`, or null when it is none. */
export function parseTraceparent(text: string): { trace_id: string; span_id: string } | null {
  const match = TRACEPARENT.exec(text);
  const [, traceId, spanId] = match ?? [];
  if (traceId === undefined || spanId === undefined || traceId === NO_TRACE) return null;
  return { trace_id: traceId, span_id: spanId };
}

/**
 * What a request's `_meta` says of its session: a conversation id (OpenTelemetry's `gen_ai.conversation.id`), else the
 * trace. Both are the client's own claims.
 */
export function traceOf(meta: unknown): Session | null {
  if (!isObject(meta)) return null;
  const trace = typeof meta.traceparent === "string" ? parseTraceparent(meta.traceparent) : null;
  const conversation = meta["gen_ai.conversation.id"];
  if (typeof conversation === "string" && conversation !== "") {
    return { id: conversation, source: "conversation", ...trace };
  }
  return trace === null ? null : { id: trace.trace_id, source: "trace", ...trace };
}
