/** The port to where a log's files are kept, and its implementations: a directory, an S3-compatible bucket, memory for tests. */
export { FileReader } from "./files/file-reader.ts";
export { FileStorage } from "./files/file-storage.ts";
export { MemoryStorage } from "./memory-storage.ts";
export { type LedgerPlace, openPlace, type PlaceOptions } from "./open-place.ts";
export type { S3Credentials } from "./s3/s3-client.ts";
export { type Retention, S3Storage, type S3StorageOptions } from "./s3/s3-storage.ts";
export type * from "./storage.ts";
