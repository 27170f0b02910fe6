/**
 * A log's generations: which one is in use, whether it takes records, and moving to the next one. `openLog` puts it
 * around every log; `tripline log` moves. Knows any log only through the port.
 */

export { type CopyOptions, copyGeneration, type TopicCopy } from "./copy-generation.ts";
export {
  type CutOver,
  type CutOverOptions,
  cutOver,
  type ReopenOptions,
  reopen,
  viewOf,
} from "./cut-over.ts";
export {
  FOLLOWERS,
  type Follower,
  type FollowerLag,
  NOTIFIER_GROUP,
  notifierFollowers,
} from "./followers.ts";
export {
  type GenerationOptions,
  type LogStanding,
  NOTICED_AFTER_MS,
  type OpenLog,
  openGeneration,
  standingOf,
} from "./generation-log.ts";
export { type GenerationEntry, type GenerationState, LOG_BOOK_TOPIC, LogBook } from "./log-book.ts";
export { type GenerationName, generationName, parseGeneration, topicIn } from "./names.ts";
export { latestGeneration } from "./present.ts";
