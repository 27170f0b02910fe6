import type { LogRecord, NewRecord } from "../log.ts";
import type { StepState } from "./step-state.ts";

/** A record for a named topic. Produced durably before the source's offset is committed. */
export interface Emission extends NewRecord {
  topic: string;
  /** Of use only now: neither the batch nor its commit waits for it, and it is lost where the log can't take it at once. */
  passing?: true;
}

/** What should happen because of one record. The step says it; the runner makes it happen. */
export type Outcome =
  | { kind: "emit"; records: readonly Emission[] }
  | { kind: "skip"; reason: string }
  /** To the dead letters, with its original bytes. The reason is a stable word, not captured text. */
  | { kind: "reject"; reason: string };

/**
 * A step's work on one partition, with that partition's state.
 *
 * A permanent TriplineError makes the record a dead letter (reason: the error's code); a retriable one makes the runner
 * wait and call `process` with the same record again, so the state must not have changed then; any other error ends
 * the runner.
 */
export interface PartitionStep {
  /**
   * Pure, where the step can be: only the record (with its `appendTime`) and the state decide. What it says about a
   * record that an earlier owner made durable, or about a copy of one from the log's earlier generation (`marks.ts`),
   * is dropped: such records only rebuild the state, and a step without state does not see copies.
   */
  process(record: LogRecord): Outcome | Promise<Outcome>;
  /** State that outlives the step, written little by little. A step without it, or `snapshot`, has none. */
  readonly state?: StepState;
  /** In place of `state`, for a small one: the whole of it after the last processed record. */
  snapshot?(): Uint8Array;
  /** Called once, before the first record, with what `snapshot` returned. */
  restore?(bytes: Uint8Array): void;
  /** The partition is someone else's now: drop the state. */
  onLost?(): void;
}

/** Where a step or a sink works. */
export interface PartitionInfo {
  topic: string;
  partition: number;
  /** Names the log and its generation. */
  generation: string;
}
