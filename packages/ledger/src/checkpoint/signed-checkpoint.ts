import { LedgerError } from "../errors.ts";
import { keyReference } from "../note/key-id.ts";
import type { NoteSignature } from "../note/note.ts";
import { openNote, signNote } from "../note/open.ts";
import type { Signer } from "../note/signer.ts";
import type { Verifier } from "../note/verifier.ts";
import { type Checkpoint, encodeCheckpoint, parseCheckpoint } from "./checkpoint.ts";

export interface OpenedCheckpoint extends Checkpoint {
  /** The signed text, byte for byte: what cosignatures are made over. */
  text: string;
  verified: NoteSignature[];
  unverified: NoteSignature[];
}

/**
 * The note a log publishes. Every signer's name is the origin, so that a key says which log it speaks for.
 * @throws LedgerError TRIPLINE_LEDGER_INVALID for a signer of another name or none, TRIPLINE_LEDGER_NOTE_MALFORMED
 */
export async function signCheckpoint(
  checkpoint: Checkpoint,
  signers: readonly Signer[],
): Promise<Uint8Array> {
  const stranger = signers.find(({ name }) => name !== checkpoint.origin);
  if (stranger !== undefined || signers.length === 0) {
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      `a checkpoint of ${checkpoint.origin} is signed by keys of this name, not by ${stranger?.name ?? "nobody"}`,
    );
  }
  return signNote(encodeCheckpoint(checkpoint), signers);
}

/**
 * A checkpoint that a known log signed, and that is of this log: a key whose name is the origin, or one log could speak for
 * another. `logs` are keys of logs; `witnesses` keys whose cosignatures are verified too, and never stand in for a log's.
 * Whether enough witnesses cosigned is for a policy to say (`../policy`).
 * @throws LedgerError as `openNote`, and TRIPLINE_LEDGER_UNSIGNED when no key of the origin's name signed
 */
export function openCheckpoint(
  note: Uint8Array,
  logs: readonly Verifier[],
  witnesses: readonly Verifier[] = [],
): OpenedCheckpoint {
  const { text, verified, unverified } = openNote(note, [...logs, ...witnesses]);
  const checkpoint = parseCheckpoint(text);
  const own = new Set(logs.filter(({ name }) => name === checkpoint.origin).map(keyReference));
  if (!verified.some((signature) => own.has(keyReference(signature)))) {
    throw new LedgerError(
      "TRIPLINE_LEDGER_UNSIGNED",
      "no key of the checkpoint's own log that is trusted here signed it: compare its origin with the keys you trust",
    );
  }
  return { ...checkpoint, text, verified, unverified };
}
