export * from "./redaction-keys.ts";
export * from "./typed-text.ts";
