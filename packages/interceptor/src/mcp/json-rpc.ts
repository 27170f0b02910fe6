/** JSON-RPC 2.0 as it is found on the wire: nothing is assumed of a frame beyond what is checked here. */

export type RequestId = string | number;
export type JsonObject = Readonly<Record<string, unknown>>;

export interface RequestFrame {
  id: RequestId;
  method: string;
  params: JsonObject;
}

export interface JsonRpcError {
  jsonrpc: "2.0";
  id: RequestId | null;
  error: { code: number; message: string; data?: unknown };
}

export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" || typeof value === "number";
}

const NO_PARAMS: JsonObject = {};

/** The frame as a request that expects an answer, or null. */
export function asRequest(frame: JsonObject): RequestFrame | null {
  const { id, method, params } = frame;
  if (typeof method !== "string" || !isRequestId(id)) return null;
  return { id, method, params: isObject(params) ? params : NO_PARAMS };
}

/** The id of the request that this frame answers, or null. */
export function answeredId(frame: JsonObject): RequestId | null {
  return frame.method === undefined && isRequestId(frame.id) ? frame.id : null;
}

/** Pairs requests and answers: the id with its type, because "1" is not 1. */
export function idKey(id: RequestId): string {
  return typeof id === "number" ? `n${id}` : `s${id}`;
}
