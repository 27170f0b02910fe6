/**
 * Witnesses (C2SP tlog-witness): the client that asks them, and what one decides and remembers. The HTTP server is
 * `tripline witness`; the decision (`decide.ts`) is pure, and only `state-files.ts` and the client do I/O.
 */
export * from "./ask-witness.ts";
export * from "./decide.ts";
export * from "./log-list.ts";
export * from "./request.ts";
export * from "./state-files.ts";
export * from "./witness.ts";
export * from "./witness-client.ts";
