import { TOPICS } from "@tripline/events";
import type { RunnerHandle, RunnerOptions } from "./hooks.ts";
import { Runner } from "./runner.ts";
import { parsePointer } from "./snapshot-pointer.ts";
import { StateStore } from "./state-store.ts";
import type { PartitionInfo, PartitionStep } from "./step.ts";
import { StepPartition } from "./step-partition.ts";

const SNAPSHOT_EVERY_MS = 30_000; // a restart replays at most about this much
const SNAPSHOT_SHARE = 0.002; // far below the one record in a hundred that a p99 forgives
const COMMIT_EVERY_MS = 500; // bounds what is emitted twice after a crash; each commit is a write to the log

export interface StepOptions extends RunnerOptions {
  /** Makes the step for one partition, with empty state. */
  open(partition: PartitionInfo): PartitionStep | Promise<PartitionStep>;
  /** Default `tripline.state`; needed only by steps with state. The caller has created it. */
  stateTopic?: string;
  /** ms between snapshots; default 30 s. One is also taken at close. */
  snapshotEveryMs?: number;
  /**
   * The share of all time that snapshots may take, during which the partition waits; default 0.002, so that far less
   * than one record in a hundred meets one. A state that takes long to write is written less often, up to ten minutes.
   */
  snapshotShare?: number;
  /** ms between commits while nothing is emitted; default 500. 0 commits after each batch. */
  commitEveryMs?: number;
}

/**
 * Runs a step over every partition of the topic that this process is given.
 *
 * For each batch: process, produce what was emitted and the dead letters durably, then commit. After a crash, records
 * behind the last commit are processed again; records between the restored snapshot and the last commit only rebuild
 * the state, for what they emitted is in the log already.
 */
export function runStep(options: StepOptions): Promise<RunnerHandle> {
  const runner = new Runner(options);
  const state = new StateStore(options.log, options.stateTopic ?? TOPICS.state, options.name);
  const pace = {
    snapshotEveryMs: options.snapshotEveryMs ?? SNAPSHOT_EVERY_MS,
    snapshotShare: options.snapshotShare ?? SNAPSHOT_SHARE,
    commitEveryMs: options.commitEveryMs ?? COMMIT_EVERY_MS,
  };
  return runner.start(async (assignment) => {
    const { topic, partition, committed } = assignment;
    const signal = runner.signalFor(assignment);
    const step = await options.open({ topic, partition, generation: options.log.generation });
    const pointer = parsePointer(committed?.metadata ?? "");
    if (step.snapshot === undefined)
      return new StepPartition({ runner, assignment, step, pace, state: null });
    const loaded =
      committed === null
        ? new Map<string, Uint8Array>()
        : await runner.retrying("reading state", signal, () => state.load(partition));
    const bytes = pointer === null ? null : state.assemble(partition, loaded, pointer);
    if (bytes !== null) step.restore?.(bytes);
    const writer = state.writer(partition, loaded.keys());
    return new StepPartition({
      runner,
      assignment,
      step,
      pace,
      state: { topic: state.topic, writer, pointer },
    });
  });
}
