export * from "./redaction-keys.ts";
