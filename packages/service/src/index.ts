/**
 * What every service shares: configuration, logging, metrics, traces, health, shutdown, access.
 * Services and the CLI may import it; packages may not.
 */
export * from "./access/index.ts";
export * from "./config/index.ts";
export type * from "./context.ts";
export * from "./create-context.ts";
export * from "./followed-file.ts";
export * from "./health.ts";
export * from "./http/index.ts";
export * from "./http-error.ts";
export * from "./logging.ts";
export * from "./metrics.ts";
export * from "./one-at-a-time.ts";
export * from "./operator-routes.ts";
export type * from "./part.ts";
export * from "./private-file.ts";
export * from "./records/index.ts";
export * from "./run-parts.ts";
export * from "./secrets/index.ts";
export * from "./tracing.ts";
export * from "./yaml-text.ts";
