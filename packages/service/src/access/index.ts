export * from "./bootstrap.ts";
export * from "./entries.ts";
export * from "./guards.ts";
export * from "./registry.ts";
export * from "./token.ts";
