/**
 * The log port, its implementations (Kafka, LMDB, another thread's, memory) and the step runner.
 * Services and the CLI may import it.
 */
export { beginAnew } from "./embedded/begin-anew.ts";
export { checkLog } from "./embedded/check-log.ts";
export { lockDirectory } from "./embedded/directory-lock.ts";
export {
  type EmbeddedLog,
  type EmbeddedLogOptions,
  openEmbeddedLog,
  RESERVE_BYTES,
  type Room,
} from "./embedded/embedded-log.ts";
export * from "./generation/index.ts";
export { type KafkaAccessConfig, kafkaAccess } from "./kafka/access.ts";
export type { KafkaOptions } from "./kafka/connection.ts";
export { openKafkaLog } from "./kafka/kafka-log.ts";
export * from "./kafka/topic-admin.ts";
export type * from "./log.ts";
export * from "./lost-range/accept.ts";
export type { LostRange } from "./lost-range/lost-range.ts";
export * from "./memory/memory-log.ts";
export * from "./open-log.ts";
export * from "./partitioner.ts";
export { DEAD_LETTER_HEADERS } from "./runner/dead-letter.ts";
export type * from "./runner/hooks.ts";
export {
  type CopiedFrom,
  copiedFrom,
  copiedHeaders,
  MARK_HEADERS,
  replayedFor,
  type SetAside,
} from "./runner/marks.ts";
export { runSink, type SinkOptions } from "./runner/run-sink.ts";
export { runStep, type StepOptions } from "./runner/run-step.ts";
export type * from "./runner/sink.ts";
export type * from "./runner/step.ts";
export type { StateEntry, StepState } from "./runner/step-state.ts";
export { triplineTopics } from "./tripline-topics.ts";
export { connectLog } from "./worker/connect-log.ts";
export { serveLog } from "./worker/serve-log.ts";
