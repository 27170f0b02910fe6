/**
 * The log port, its implementations (Kafka, LMDB, another thread's, memory) and the step runner.
 * Services and the CLI may import it.
 */
export type * from "./log.ts";
