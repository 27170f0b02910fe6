/**
 * A C2SP tiled log: append, checkpoint, prove, verify. Services and the command may import it; it imports nothing of ours.
 * What a browser can use too is in `./verify.ts`.
 */
export * from "./log/index.ts";
export * from "./signer/index.ts";
export * from "./storage/index.ts";
export * from "./verify.ts";
export * from "./witness/index.ts";
