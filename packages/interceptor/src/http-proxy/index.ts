/**
 * A reverse proxy for MCP over Streamable HTTP: records tool calls, refuses what is revoked, leaves the rest alone.
 * Called by the CLI and by whoever puts a proxy before a server. See README.md for what it changes and how it refuses.
 */
export { denyListAccess } from "./access.ts";
export * from "./identity/index.ts";
export type { AccessCheck, HttpProxy, HttpProxyOptions, HttpProxyStats } from "./options.ts";
export { createHttpProxy } from "./proxy.ts";
export type { ErrorAnswer, ProxyErrorCode } from "./refusal.ts";
