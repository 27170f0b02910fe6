/** For tests of this package and of what writes through it: a store in a directory of its own, and records to put in. */
export * from "./records.ts";
export * from "./temporary-store.ts";
export { tamper } from "./tamper.ts";
