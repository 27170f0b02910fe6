/**
 * What a verifier needs: bytes in, bytes out; no I/O, no clock, no random. It also runs in a browser (`#crypto`).
 */
export * from "./errors.ts";
