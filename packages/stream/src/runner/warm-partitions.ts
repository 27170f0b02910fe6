import type { CommittedOffset } from "../log.ts";
import type { SegmentChain } from "./segment-chain.ts";
import type { SnapshotPointer } from "./snapshot-pointer.ts";
import type { PartitionStep } from "./step.ts";

const KEEP_MS = 60_000; // a few rebalances in a row; what is not back by then belongs to another

/** A partition that was lost at rest: what its step remembers is exactly what all records before `position` left. */
export interface WarmPartition {
  step: PartitionStep;
  chain: SegmentChain;
  pointer: SnapshotPointer;
  /** Its last commit. */
  committed: CommittedOffset;
  /** Everything before it is processed, and its effects are durable. */
  position: number;
  /** Where it stood when the state was last written. */
  saved: number;
}

/**
 * Partitions that this process has just lost. A rebalance takes all of them from everyone and gives most of them back:
 * where the group's commit is still the one that was made here, nobody got anything done meanwhile, and the state is as
 * good as one that would be read back. Commits only move on, so an equal one is the same one.
 */
export class WarmPartitions {
  readonly #assignments = new Map<number, number>();
  readonly #kept = new Map<number, { warm: WarmPartition; timer: NodeJS.Timeout }>();

  /** Call for each assignment. `keep` is to be called when that assignment is lost. */
  assigned(
    partition: number,
    committed: CommittedOffset | null,
  ): { warm: WarmPartition | null; keep(warm: WarmPartition): boolean } {
    const assignment = (this.#assignments.get(partition) ?? 0) + 1;
    this.#assignments.set(partition, assignment);
    return {
      warm: this.#take(partition, committed),
      keep: (warm) => {
        if (this.#assignments.get(partition) !== assignment) return false; // it is here again already, anew
        const timer = setTimeout(() => this.#drop(partition), KEEP_MS);
        timer.unref();
        this.#kept.set(partition, { warm, timer });
        return true;
      },
    };
  }

  /** Drops all. */
  clear(): void {
    for (const partition of [...this.#kept.keys()]) this.#drop(partition);
  }

  #take(partition: number, committed: CommittedOffset | null): WarmPartition | null {
    const kept = this.#kept.get(partition);
    if (kept === undefined) return null;
    const { offset, metadata } = kept.warm.committed;
    if (committed?.offset !== offset || committed.metadata !== metadata) {
      this.#drop(partition);
      return null;
    }
    clearTimeout(kept.timer);
    this.#kept.delete(partition);
    return kept.warm;
  }

  #drop(partition: number): void {
    const kept = this.#kept.get(partition);
    if (kept === undefined) return;
    clearTimeout(kept.timer);
    this.#kept.delete(partition);
    kept.warm.step.onLost?.();
  }
}
