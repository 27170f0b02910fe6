/**
 * The collector: takes records from enrolled producers, hands out what interceptors need, keeps the list of who may speak.
 * `services/standalone` and `main.ts` compose it; nothing else calls it.
 */
export * from "./create-collector.ts";
export type { IngestAnswer, RefusedLine } from "./ingest/ingest-route.ts";
export { MAX_BODY_BYTES, MAX_LINES } from "./ingest/ingest-route.ts";
export * from "./interceptor-policy.ts";
export type { InterceptorSettings, RevocationKey } from "./interceptor-route.ts";
export { MAX_BUFFERED_BYTES } from "./revocations/revocation-stream.ts";
