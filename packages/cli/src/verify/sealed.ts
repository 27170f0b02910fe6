import { CHECKPOINT_PATH, openCheckpoint, parseVerifierKey, partitionPath } from "@tripline/ledger";
import { type LedgerFiles, readCatalog } from "@tripline/verify";

/** A partition of the events topic as the log and the store have it. */
export interface ArchivedPartition {
  partition: number;
  /** Positions below are stored; null: none. */
  committed: number | null;
  /** What the next record in the log gets. */
  next: number;
}

/** How far the ledger has come with a partition. */
export interface SealedPartition {
  type: "sealed";
  partition: number;
  leaves: number;
  /** Stored positions without a leaf. */
  behind: number;
  /** Leaves of positions that the log does not have: it was cut, or made anew under its old name. */
  beyond: number;
}

/**
 * The sizes of the partitions' logs under their checkpoints, as the ledger states them; whether what is sealed is what is stored,
 * `tripline verify` says. @throws LedgerError for a checkpoint or catalog that is none
 */
export async function sealedPartitions(
  ledger: LedgerFiles,
  generation: string,
  archived: readonly ArchivedPartition[],
): Promise<SealedPartition[]> {
  const catalog = (await readCatalog(ledger)) ?? [];
  return await Promise.all(
    archived.map(async ({ partition, committed, next }): Promise<SealedPartition> => {
      const path = partitionPath(generation, partition);
      const note = await ledger.of(path).read(CHECKPOINT_PATH);
      const keys = catalog
        .filter((each) => each.path === path)
        .map((each) => parseVerifierKey(each.verifier_key));
      const leaves = note === null ? 0 : openCheckpoint(note, keys).size;
      const behind = Math.max(0, (committed ?? 0) - leaves);
      return { type: "sealed", partition, leaves, behind, beyond: Math.max(0, leaves - next) };
    }),
  );
}
