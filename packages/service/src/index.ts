/**
 * What every service shares: configuration, logging, metrics, traces, health, shutdown, access.
 * Services and the CLI may import it; packages may not.
 */
export type * from "./context.ts";
export type * from "./part.ts";
