/**
 * Taps that turn tool calls into records and refuse what is revoked. Embedded in gateways, MCP servers, clients and
 * agents (Node >= 20.12); our own services use the spool and senders. Depends on the record contract only.
 */

export * from "./collector/connect-interceptor.ts";
export type { RedactionKeySource } from "./core/current-redactor.ts";
export type { OnWarning, Warning } from "./core/warnings.ts";
export * from "./create-interceptor.ts";
export * from "./deny-list/deny-list.ts";
export * from "./deny-list/deny-list-file.ts";
export * from "./deny-list/entry-store.ts";
export * from "./deny-list/entry-verifier.ts";
export * from "./deny-list/number-table.ts";
export type * from "./deny-list/revocation-source.ts";
export * from "./deny-list/sse-source.ts";
export * from "./deny-list/table-source.ts";
export * from "./deny-list/text-hash.ts";
export * from "./in-process/instrument.ts";
export * from "./in-process/wrap-tool.ts";
export { type TransportLike, type WrapOptions, wrapTransport } from "./in-process/wrap-transport.ts";
export type * from "./interceptor.ts";
export * from "./mcp/json-rpc.ts";
export * from "./mcp/large-frame.ts";
export * from "./mcp/mcp-tap.ts";
export * from "./mcp/meta.ts";
export * from "./mcp/refusal.ts";
export * from "./mcp/result-text.ts";
export * from "./policy.ts";
export * from "./senders/http-sender.ts";
export * from "./senders/log-sender.ts";
export * from "./senders/memory-sender.ts";
export * from "./senders/record-sender.ts";
export * from "./stdio/enforcement.ts";
export * from "./stdio/run-stdio-proxy.ts";
