import type { LogRecord } from "../log.ts";
import type { SetAside } from "./marks.ts";

/** A closed range of offsets, announced in the log before it is written. */
export interface SinkRange {
  topic: string;
  partition: number;
  generation: string;
  first: number;
  last: number;
  /** It was announced before, by this process or one that died: it may have been written already, wholly or not. */
  again: boolean;
  /**
   * Records of the range that are not to be written, in offset order (`marks.ts`): copies of what an earlier generation
   * of the log holds, and dead letters replayed for another. For sinks that account for every position.
   */
  setAside: readonly { record: LogRecord; why: SetAside }[];
}

/** The sink's claim on its range. */
export interface RangeHold {
  /**
   * To be awaited right before each effect. Resolves at once when the range was committed a moment ago; else commits its
   * announcement again, and rejects with `TRIPLINE_STREAM_ASSIGNMENT_LOST` when the partition is someone else's by now:
   * a process that was frozen, or suspended with its machine, must not act on what it knew before.
   */
  confirm(): Promise<void>;
}

/** A record of the range that the sink could not use: it goes to the dead letters. */
export interface Rejection {
  offset: number;
  /** A stable word, not captured text. */
  reason: string;
}

/**
 * A step whose effect is outside of the log, on one partition. One range at a time.
 * `write` must have the same effect when it is given the same range again (`range.again`, or after a retriable error).
 */
export interface PartitionSink {
  /**
   * Resolves when the range is durable outside. A retriable TriplineError is tried again for ever; any other error
   * ends the runner, with the range still announced.
   * @param records what is to be written: all of the range but `range.setAside`; may be empty
   * @param signal aborted when the partition was lost or the runner closes: give up soon
   */
  write(
    range: SinkRange,
    records: readonly LogRecord[],
    signal: AbortSignal,
    hold: RangeHold,
  ): Promise<readonly Rejection[]>;
  /** The partition is someone else's now: drop what was kept for it. */
  onLost?(): void;
}
