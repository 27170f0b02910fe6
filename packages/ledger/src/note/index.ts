/**
 * Signed notes (C2SP signed-note, cosignatures of C2SP tlog-cosignature): parse, encode, verify, and the port of signers.
 * Pure; runs in a browser too. Everything else here that is signed is a note.
 */
export * from "./base64.ts";
export * from "./cosignature.ts";
export * from "./key-id.ts";
export * from "./note.ts";
export * from "./open.ts";
export type * from "./signer.ts";
export * from "./text.ts";
export * from "./verifier.ts";
