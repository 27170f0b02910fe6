export type { ErrorBody } from "./errors.ts";
export * from "./server.ts";
