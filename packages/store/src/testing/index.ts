/** For tests of this package and of what writes through it: a store in a directory of its own, and records to put in. */
export { type Front, startClickHouseFront } from "./clickhouse-front.ts";
export { EXCEPTIONS, type FrontFault } from "./front-faults.ts";
export { type FrontProcess, frontProcess } from "./front-process.ts";
export * from "./records.ts";
export { tamper } from "./tamper.ts";
export * from "./temporary-store.ts";
