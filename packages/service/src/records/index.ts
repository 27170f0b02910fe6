export type { RecordBody } from "./own-record.ts";
export * from "./record-producer.ts";
