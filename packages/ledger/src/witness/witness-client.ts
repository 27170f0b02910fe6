import { openCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { encodeNote, keyReference, parseNote, type Verifier } from "../note/index.ts";
import { type Policy, type PolicyWitness, quorumHolds } from "../policy/index.ts";
import { askWitness, type CheckpointToWitness, type Fetch, type WitnessOutcome } from "./ask-witness.ts";

const TIMEOUT_MS = 5_000; // for one witness, all its tries together: checkpoints come each second, a late one is superseded

export interface CosignedCheckpoint {
  /** The note with the cosignatures that came, in the policy's order; what was on it stays. */
  note: Uint8Array;
  /** Whether the policy holds for it now. */
  quorum: boolean;
  /** One for each witness of the policy, in its order: who cosigned, who did not and why. */
  outcomes: WitnessOutcome[];
}

export interface WitnessClient {
  /**
   * Asks all witnesses at once, and answers as soon as the quorum holds, or when all have answered or run out of time. With
   * `quorum none` all are waited for. `prove(from, to)`: consistency proof, RFC 9162 section 2.1.4.
   * @throws LedgerError as `openCheckpoint` for a note that no key of `logs` signed; rejects with what `prove` rejects with
   */
  cosign(note: Uint8Array, prove: ConsistencyProver): Promise<CosignedCheckpoint>;
}

export type ConsistencyProver = (from: number, to: number) => Promise<readonly Uint8Array[]>;

/** Remembers what each witness has seen of each log, so that it is asked once a checkpoint, not twice. */
export function createWitnessClient(options: {
  policy: Policy;
  /** default: the logs of the policy */
  logs?: readonly Verifier[];
  /** default 5000, for one witness */
  timeoutMs?: number;
  fetch?: Fetch;
}): WitnessClient {
  const { policy, timeoutMs = TIMEOUT_MS, fetch = globalThis.fetch } = options;
  const logs = options.logs ?? policy.logs.map(({ key }) => key);
  const sizes = new Map<string, number>();

  async function ask(
    witness: PolicyWitness,
    origin: string,
    checkpoint: CheckpointToWitness,
    enough: AbortSignal,
  ) {
    const known = `${keyReference(witness.key)}\n${origin}`;
    const signal = AbortSignal.any([enough, AbortSignal.timeout(timeoutMs)]);
    const { outcome, size } = await askWitness(witness, checkpoint, {
      oldSize: sizes.get(known) ?? 0,
      fetch,
      signal,
    });
    if (size !== null) sizes.set(known, size);
    const cutOff = outcome.kind === "failed" && outcome.reason === "unreachable" && enough.aborted;
    return cutOff ? ({ kind: "not_needed", witness } as const) : outcome;
  }

  return {
    cosign: async (note, prove) => {
      const { origin, size, text } = openCheckpoint(note, logs);
      const enough = new AbortController();
      const cosigned = new Set<PolicyWitness>();
      const holds = () => quorumHolds(policy, (witness) => cosigned.has(witness));
      const checkpoint = { note, text, size, prove: (from: number) => prove(from, size) };
      const asked = policy.witnesses.map(async (witness) => {
        const outcome = await ask(witness, origin, checkpoint, enough.signal);
        if (outcome.kind === "cosigned") cosigned.add(witness);
        if (policy.quorum !== "none" && holds()) enough.abort();
        return outcome;
      });
      const outcomes = await Promise.all(asked).finally(() => enough.abort()); // where `prove` rejects, nobody is waited for
      return { note: withCosignatures(note, outcomes), quorum: holds(), outcomes };
    },
  };
}

/** @throws LedgerError TRIPLINE_LEDGER_NOTE_MALFORMED */
function withCosignatures(note: Uint8Array, outcomes: readonly WitnessOutcome[]): Uint8Array {
  const { text, signatures } = parseNote(note);
  const added = outcomes.flatMap((outcome) => (outcome.kind === "cosigned" ? [outcome.signature] : []));
  const replaced = new Set(added.map(keyReference));
  const kept = signatures.filter((signature) => !replaced.has(keyReference(signature)));
  return encodeNote({ text, signatures: [...kept, ...added] });
}

/** What to tell people about witnesses that did not cosign: `w2: timeout (no answer in time)`. */
export function failuresInWords(outcomes: readonly WitnessOutcome[]): string[] {
  return outcomes.flatMap((outcome) =>
    outcome.kind === "failed" ? [`${outcome.witness.name}: ${outcome.reason} (${outcome.detail})`] : [],
  );
}

/** @throws LedgerError TRIPLINE_LEDGER_QUORUM_MISSING that says which witnesses failed and why */
export function requireQuorum({ quorum, outcomes }: CosignedCheckpoint): void {
  if (quorum) return;
  throw new LedgerError(
    "TRIPLINE_LEDGER_QUORUM_MISSING",
    `not enough witnesses cosigned: ${failuresInWords(outcomes).join("; ")}`,
  );
}
