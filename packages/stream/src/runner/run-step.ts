import { TOPICS } from "@tripline/events";
import type { RunnerHandle, RunnerOptions } from "./hooks.ts";
import { Runner } from "./runner.ts";
import { parsePointer } from "./snapshot-pointer.ts";
import { StateStore } from "./state-store.ts";
import type { PartitionInfo, PartitionStep } from "./step.ts";
import { StepPartition } from "./step-partition.ts";
import { type StepState, wholeState } from "./step-state.ts";
import { WarmPartitions } from "./warm-partitions.ts";

const SNAPSHOT_EVERY_MS = 30_000; // a restart replays at most about this much
const SNAPSHOT_SHARE = 0.02; // of one core; what is not encoded is there for records
const COMMIT_EVERY_MS = 500; // bounds what is emitted twice after a crash; each commit is a write to the log

export interface StepOptions extends RunnerOptions {
  /** Makes the step for one partition, with empty state. */
  open(partition: PartitionInfo): PartitionStep | Promise<PartitionStep>;
  /** Default `tripline.state`; needed only by steps with state. The caller has created it. */
  stateTopic?: string;
  /** ms between snapshots; default 30 s. One is also taken at close. */
  snapshotEveryMs?: number;
  /**
   * The share of all time that encoding snapshots may take; default 0.02. A state of which so much changes that it takes
   * longer, or writes more than 1 MB/s, is written less often, up to every ten minutes. Records do not wait for it: see
   * `StepState`.
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
export async function runStep(options: StepOptions): Promise<RunnerHandle> {
  const runner = new Runner(options);
  const store = new StateStore(options.log, options.stateTopic ?? TOPICS.state, options.name);
  const pace = {
    snapshotEveryMs: options.snapshotEveryMs ?? SNAPSHOT_EVERY_MS,
    snapshotShare: options.snapshotShare ?? SNAPSHOT_SHARE,
    commitEveryMs: options.commitEveryMs ?? COMMIT_EVERY_MS,
  };
  const lately = new WarmPartitions();
  const handle = await runner.start(async (assignment) => {
    const { topic, partition, committed } = assignment;
    const signal = runner.signalFor(assignment);
    const { warm, keep } = lately.assigned(partition, committed);
    if (warm !== null) {
      const { step, chain, pointer } = warm;
      return new StepPartition({
        runner,
        assignment,
        step,
        pace,
        state: { store, chain, pointer },
        warm,
        keep,
      });
    }
    const info = { topic, partition, generation: options.log.generation };
    const step = await runner.retrying("opening the step", signal, () => options.open(info));
    const pointer = parsePointer(committed?.metadata ?? "");
    const own = stateOf(step);
    if (own === null) return new StepPartition({ runner, assignment, step, pace, state: null });
    if (pointer === null && committed !== null && committed.metadata !== "") {
      options.logger?.warn(
        { step: options.name, topic, partition, offset: committed.offset },
        "the commit names no state of this version: the step starts there without state",
      );
    }
    const stored =
      committed === null
        ? new Map<string, Uint8Array>()
        : await runner.retrying("reading state", signal, () => store.load(partition));
    const chain = await runner.retrying("restoring state", signal, () =>
      store.restore(partition, stored, pointer, own),
    );
    return new StepPartition({ runner, assignment, step, pace, state: { store, chain, pointer }, keep });
  });
  return {
    ...handle,
    close() {
      lately.clear();
      return handle.close();
    },
  };
}

function stateOf(step: PartitionStep): StepState | null {
  if (step.state !== undefined) return step.state;
  if (step.snapshot === undefined) return null;
  return wholeState({
    snapshot: () => step.snapshot?.() ?? new Uint8Array(0),
    restore: (bytes) => step.restore?.(bytes),
  });
}
