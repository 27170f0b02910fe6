import { parseTreeSize } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { decodeBase64, decodeText, encodeBase64, encodeText } from "../note/index.ts";

/** C2SP tlog-witness, the body of `POST <submission prefix>/add-checkpoint`. */

const MAX_PROOF_LINES = 63; // the specification's limit
const HASH_BYTES = 32;

export interface AddCheckpoint {
  /** The size the witness cosigned last, as far as the sender knows. */
  oldSize: number;
  /** Consistency proof from there to the checkpoint's size; empty from 0, and for the same size. */
  proof: readonly Uint8Array[];
  /** A signed note. */
  checkpoint: Uint8Array;
}

/** @throws LedgerError TRIPLINE_LEDGER_INVALID for a proof that the protocol can't carry */
export function encodeAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): Uint8Array {
  if (proof.length > MAX_PROOF_LINES) {
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      `a witness takes at most ${MAX_PROOF_LINES} hashes of proof`,
    );
  }
  const head = encodeText([`old ${oldSize}`, ...proof.map(encodeBase64), "", ""].join("\n"));
  const body = new Uint8Array(head.length + checkpoint.length);
  body.set(head);
  body.set(checkpoint, head.length);
  return body;
}

/** Null for what is not such a body. Whether the checkpoint is one is not looked at. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint | null {
  const text = decodeText(body);
  const gap = text?.indexOf("\n\n") ?? -1;
  if (text === null || gap < 0) return null;
  const [oldLine = "", ...proofLines] = text.slice(0, gap).split("\n");
  const oldSize = oldLine.startsWith("old ") ? parseTreeSize(oldLine.slice("old ".length)) : null;
  if (oldSize === null || proofLines.length > MAX_PROOF_LINES) return null;
  const proof: Uint8Array[] = [];
  for (const line of proofLines) {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_BYTES) return null;
    proof.push(hash);
  }
  return { oldSize, proof, checkpoint: encodeText(text.slice(gap + 2)) };
}
