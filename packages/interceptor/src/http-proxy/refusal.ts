import type { ServerResponse } from "node:http";
import type { Refusal } from "../interceptor.ts";
import type { JsonRpcError, RequestId } from "../mcp/json-rpc.ts";
import { REFUSED_CODE, refusalText } from "../mcp/refusal.ts";

/** How refusals and the proxy's own errors look over HTTP. The README's table is the contract. */

/** Codes of the proxy's own answers, in `error.data.code`. */
export type ProxyErrorCode =
  | "TRIPLINE_PROXY_REFUSED"
  | "TRIPLINE_PROXY_UNREADABLE"
  | "TRIPLINE_PROXY_AMBIGUOUS"
  | "TRIPLINE_PROXY_ENCODING"
  | "TRIPLINE_PROXY_HOST"
  | "TRIPLINE_PROXY_IDENTITY"
  | "TRIPLINE_PROXY_UPSTREAM"
  | "TRIPLINE_PROXY_STOPPING";

export interface ErrorAnswer {
  status: number;
  code: ProxyErrorCode;
  rpcCode: number;
  message: string;
  data?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
}

/** Sends an error as the JSON-RPC error that MCP allows as the body of a failed request. */
export function sendError(response: ServerResponse, answer: ErrorAnswer, id: RequestId | null = null): void {
  const data = { code: answer.code, ...answer.data };
  const body: JsonRpcError = {
    jsonrpc: "2.0",
    id,
    error: { code: answer.rpcCode, message: answer.message, data },
  };
  sendJson(response, answer.status, body, answer.headers);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(text);
}

/** Scopes that only say no to one tool, or one call: the credential stays good for the others. */
export function refusesOneTool({ scope }: Refusal): boolean {
  return scope === "tool" || scope === "call" || scope === "fail_closed";
}

/** 403 without a challenge: an OAuth client would answer a challenge by fetching the next token of the same grant. */
export function refusedRequest(refusal: Refusal): ErrorAnswer {
  return {
    status: 403,
    code: "TRIPLINE_PROXY_REFUSED",
    rpcCode: REFUSED_CODE,
    ...refusalText(refusal),
  };
}

/**
 * 401: `invalid_token` for a token that is not good (RFC 6750, 3.1), and no error code for a request without any.
 * @param metadataUrl where the resource's OAuth metadata is (RFC 9728, 5.1)
 */
export function notIdentified(invalid: string | undefined, metadataUrl: string | undefined): ErrorAnswer {
  const parameters = [
    invalid === undefined ? undefined : `error="invalid_token", error_description="${invalid}"`,
    metadataUrl === undefined ? undefined : `resource_metadata="${metadataUrl}"`,
  ].filter((parameter) => parameter !== undefined);
  return {
    status: 401,
    code: "TRIPLINE_PROXY_IDENTITY",
    rpcCode: -31401,
    message: invalid ?? "this server wants to know who calls: send an API key or an access token",
    headers: { "www-authenticate": ["Bearer", parameters.join(", ")].join(" ").trim() },
  };
}
