import type { RunnerHandle, RunnerOptions } from "./hooks.ts";
import { Runner } from "./runner.ts";
import type { PartitionSink } from "./sink.ts";
import { SinkPartition } from "./sink-partition.ts";
import type { PartitionInfo } from "./step.ts";

export interface SinkOptions extends RunnerOptions {
  /**
   * The least time from one range's begin to the next one's of the same partition, for a process that owns one; default 0.
   * Where records trickle in, few larger ranges cost the disk and the store far less than many small ones: with each
   * partition that the process owns it grows, up to five times. The first record after a pause never waits.
   */
  rangeEveryMs?: number;
  /** How old the range's last commit may be when an effect begins (`RangeHold`); default 5 s. Shorter only for tests. */
  confirmAfterMs?: number;
  /** Makes the sink for one partition. */
  open(partition: PartitionInfo): PartitionSink | Promise<PartitionSink>;
}

const MOST_TIMES_LONGER = 5; // what is asked for a second after it happened is asked for by nobody who waits for it
const CONFIRM_AFTER_MS = 5_000; // a dead member's partitions go to others after 10 s; no step of a range takes so long

/**
 * Runs a sink over every partition of the topic that this process is given.
 *
 * Each range is announced by a commit of its first offset with `{first, last}` before it is written; when it is written
 * and its dead letters are durable, the offset behind it is committed. Whoever owns the partition after a crash is
 * handed exactly the announced range again.
 */
export function runSink(options: SinkOptions): Promise<RunnerHandle> {
  const runner = new Runner(options);
  const { rangeEveryMs = 0, confirmAfterMs = CONFIRM_AFTER_MS } = options;
  let owned = 0;
  const pauseMs = () => rangeEveryMs * Math.min(owned, MOST_TIMES_LONGER);
  return runner.start(async (assignment) => {
    const { topic, partition } = assignment;
    const info = { topic, partition, generation: options.log.generation };
    const sink = await options.open(info);
    owned += 1;
    const onLost = () => {
      owned -= 1;
    };
    return new SinkPartition({ runner, assignment, info, sink, pauseMs, onLost, confirmAfterMs });
  });
}
