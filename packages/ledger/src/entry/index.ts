/** What stands in the logs: of a partition one entry for each position, of the root log what those had grown to. Pure. */
export * from "./record-entry.ts";
export * from "./root-entry.ts";
