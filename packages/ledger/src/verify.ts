/**
 * What a verifier needs: bytes in, bytes out; no I/O, no clock, no random. It also runs in a browser (`#crypto`).
 */
export * from "./audit/index.ts";
export * from "./catalog/index.ts";
export * from "./checkpoint/index.ts";
export * from "./entry/index.ts";
export * from "./errors.ts";
export * from "./note/index.ts";
export * from "./policy/index.ts";
export * from "./proof/index.ts";
export * from "./tiles/index.ts";
export * from "./tree/index.ts";
