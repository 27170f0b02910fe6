/**
 * Taps that turn tool calls into records and refuse what is revoked. Embedded in gateways, MCP servers, clients and
 * agents (Node >= 20.12); our own services use the spool and senders. Depends on the record contract only.
 */

export type { RandomSource } from "./core/ids.ts";
export type { RedactionKeySource } from "./core/redaction.ts";
export type { OnWarning, Warning } from "./core/warnings.ts";
export * from "./create-interceptor.ts";
export * from "./deny-list/deny-list.ts";
export * from "./deny-list/entry-verifier.ts";
export type * from "./deny-list/revocation-source.ts";
export type * from "./interceptor.ts";
export * from "./mcp/json-rpc.ts";
export * from "./mcp/mcp-tap.ts";
export * from "./mcp/meta.ts";
export * from "./mcp/refusal.ts";
export * from "./mcp/result-text.ts";
export * from "./policy.ts";
export * from "./senders/record-sender.ts";
