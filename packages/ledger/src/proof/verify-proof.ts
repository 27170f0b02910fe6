import { LedgerError } from "../errors.ts";
import {
  type JudgedCheckpoint,
  openCheckpointByPolicy,
  type Policy,
  type PolicyLog,
} from "../policy/index.ts";
import { verifyInclusion } from "../tree/index.ts";
import type { LogProof } from "./proof-file.ts";

/**
 * That the leaf is in a log that the policy trusts, at the proof's index, under a checkpoint that a quorum cosigned.
 * `leafHash`: 32 bytes, of the entry that one holds oneself (`leafHash(entry)`). The extra data stays unproven.
 * @throws LedgerError as `openCheckpointByPolicy`, and TRIPLINE_LEDGER_PROOF_INVALID
 */
export function verifyProof(
  proof: LogProof,
  leafHash: Uint8Array,
  policy: Policy,
  logs: readonly PolicyLog[] = policy.logs,
): JudgedCheckpoint {
  const checkpoint = openCheckpointByPolicy(proof.checkpoint, policy, logs);
  const { index, hashes } = proof;
  const { size, root } = checkpoint;
  if (verifyInclusion({ index, size, leafHash, proof: hashes }, root)) return checkpoint;
  throw new LedgerError(
    "TRIPLINE_LEDGER_PROOF_INVALID",
    `entry ${index} is not this one in the tree of ${size} leaves: the entry, its place or the proof was changed`,
  );
}
