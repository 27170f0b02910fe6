export * from "./record-producer.ts";
