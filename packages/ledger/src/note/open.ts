import { LedgerError } from "../errors.ts";
import { keyReference } from "./key-id.ts";
import { encodeNote, isNoteText, type NoteSignature, parseNote } from "./note.ts";
import type { Signer } from "./signer.ts";
import { encodeText } from "./text.ts";
import type { Verifier } from "./verifier.ts";

export interface OpenedNote {
  /** May be trusted as far as the keys in `verified` are. */
  text: string;
  /** One for each known key that signed; never empty. */
  verified: NoteSignature[];
  /** Of keys that are not known here: they say nothing. */
  unverified: NoteSignature[];
}

/**
 * A note's text, if a known key signed it. Unknown keys are ignored; one wrong signature of a known key refuses the
 * whole note (C2SP signed-note, "Signatures"); of several by one key the first counts, as in golang.org/x/mod/sumdb/note.
 * @throws LedgerError TRIPLINE_LEDGER_NOTE_MALFORMED, TRIPLINE_LEDGER_SIGNATURE_INVALID, TRIPLINE_LEDGER_UNSIGNED (no known key
 * signed), TRIPLINE_LEDGER_KEY_INVALID (two verifiers for one key)
 */
export function openNote(bytes: Uint8Array, verifiers: readonly Verifier[]): OpenedNote {
  const { text, signatures } = parseNote(bytes);
  const message = encodeText(text);
  const known = new Map<string, Verifier>();
  for (const verifier of verifiers) {
    const reference = keyReference(verifier);
    if (known.has(reference)) {
      throw new LedgerError(
        "TRIPLINE_LEDGER_KEY_INVALID",
        `two verifier keys are both ${reference}: name one only`,
      );
    }
    known.set(reference, verifier);
  }
  const seen = new Set<string>();
  const opened: OpenedNote = { text, verified: [], unverified: [] };
  for (const signature of signatures) {
    const reference = keyReference(signature);
    const verifier = known.get(reference);
    if (verifier === undefined) {
      opened.unverified.push(signature);
      continue;
    }
    if (seen.has(reference)) continue;
    seen.add(reference);
    if (!verifier.verify(message, signature.signature)) {
      throw new LedgerError(
        "TRIPLINE_LEDGER_SIGNATURE_INVALID",
        `the signature of ${reference} does not fit the text: one of the two was changed`,
      );
    }
    opened.verified.push(signature);
  }
  if (opened.verified.length === 0) {
    throw new LedgerError(
      "TRIPLINE_LEDGER_UNSIGNED",
      "no key that is trusted here signed this note: compare its signature lines with the keys you trust",
    );
  }
  return opened;
}

/** The note with a signature line of each signer, in their order. @throws LedgerError TRIPLINE_LEDGER_NOTE_MALFORMED */
export async function signNote(text: string, signers: readonly Signer[]): Promise<Uint8Array> {
  return encodeNote({ text, signatures: await signText(text, signers) });
}

/** Signature lines for a text that is not a note yet, or is one already. */
export async function signText(text: string, signers: readonly Signer[]): Promise<NoteSignature[]> {
  if (!isNoteText(text)) {
    throw new LedgerError(
      "TRIPLINE_LEDGER_NOTE_MALFORMED",
      "only a text that ends with a newline and has no other control character can be signed as a note",
    );
  }
  const message = encodeText(text);
  return Promise.all(
    signers.map(async (signer) => {
      const { name, keyId } = signer;
      return { name, keyId, signature: await signer.sign(message) };
    }),
  );
}
