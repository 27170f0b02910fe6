export * from "./describe.ts";
export * from "./error.ts";
export * from "./process.ts";
export * from "./read.ts";
export * from "./shared-keys.ts";
