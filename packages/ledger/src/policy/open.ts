import { type OpenedCheckpoint, openCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { type KeyVerifier, keyReference, parseTimestampedSignature } from "../note/index.ts";
import { type Policy, type PolicyLog, type PolicyWitness, quorumHolds, quorumInWords } from "./policy.ts";

/** A witness's verified statement: at this time, this was the largest consistent tree of the log that it had seen. */
export interface Cosignature {
  witness: PolicyWitness;
  /** POSIX seconds, by the witness's clock. May lie in the future: there is no clock here to compare it with. */
  timestamp: number;
}

export interface JudgedCheckpoint extends OpenedCheckpoint {
  /** Keys of the origin that signed: two while a log changes keys. */
  signedBy: PolicyLog[];
  cosignatures: Cosignature[];
  /** Witnesses of the policy whose cosignature is not there. */
  missing: PolicyWitness[];
  /** False: the log says so, and not enough witnesses do. */
  quorum: boolean;
}

/**
 * A checkpoint that a log of the policy signed, and what the policy says about its cosignatures.
 * `logs` stand in for those of the policy where the log is known otherwise.
 * @throws LedgerError as `openCheckpoint`; a wrong signature of any key of the policy refuses the note
 */
export function judgeCheckpoint(
  note: Uint8Array,
  policy: Policy,
  logs: readonly PolicyLog[] = policy.logs,
): JudgedCheckpoint {
  const keyOf = ({ key }: { key: KeyVerifier }) => key;
  const opened = openCheckpoint(note, logs.map(keyOf), policy.witnesses.map(keyOf));
  const signatures = new Map(
    opened.verified.map((signature) => [keyReference(signature), signature.signature]),
  );
  const cosignatures = policy.witnesses.flatMap((witness) => {
    const signature = signatures.get(keyReference(witness.key));
    const timestamp = signature === undefined ? undefined : parseTimestampedSignature(signature)?.timestamp;
    return timestamp === undefined ? [] : [{ witness, timestamp }];
  });
  const cosigned = new Set(cosignatures.map(({ witness }) => witness));
  return {
    ...opened,
    signedBy: logs.filter(({ key }) => key.name === opened.origin && signatures.has(keyReference(key))),
    cosignatures,
    missing: policy.witnesses.filter((witness) => !cosigned.has(witness)),
    quorum: quorumHolds(policy, (witness) => cosigned.has(witness)),
  };
}

/**
 * A checkpoint that the policy takes as valid: signed by a log, cosigned by a quorum.
 * @throws LedgerError as `judgeCheckpoint`, and TRIPLINE_LEDGER_QUORUM_MISSING
 */
export function openCheckpointByPolicy(
  note: Uint8Array,
  policy: Policy,
  logs: readonly PolicyLog[] = policy.logs,
): JudgedCheckpoint {
  const judged = judgeCheckpoint(note, policy, logs);
  if (judged.quorum) return judged;
  const missing = judged.missing.map(({ name }) => name).join(", ");
  throw new LedgerError(
    "TRIPLINE_LEDGER_QUORUM_MISSING",
    `the checkpoint of size ${judged.size} needs ${quorumInWords(policy)}, and lacks ${missing}`,
  );
}
