/** What stands in the log of a partition: one entry for each position, whatever is there. Pure. */
export * from "./record-entry.ts";
