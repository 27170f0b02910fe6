/** Escaping of captured text for the place it goes to: see README.md. Services and the CLI may call it. */
export * from "./csv.ts";
export * from "./terminal.ts";
export * from "./visible.ts";
