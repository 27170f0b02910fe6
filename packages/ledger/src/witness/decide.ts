import { type Checkpoint, openCheckpoint, parseCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { encodeNote, parseNote } from "../note/index.ts";
import { EMPTY_ROOT, sameBytes, verifyConsistency } from "../tree/index.ts";
import type { LogList } from "./log-list.ts";
import { type AddCheckpoint, parseAddCheckpoint } from "./request.ts";

/** What a witness remembers of a log: the tree it cosigned last. */
export interface WitnessedTree {
  size: number;
  /** 32 bytes */
  root: Uint8Array;
  /** The checkpoint with the log's own signatures: with a later one that contradicts it, the proof that the log lied. */
  note: Uint8Array | null;
}

/** Of a log that it never cosigned. */
export const NOTHING_WITNESSED: WitnessedTree = { size: 0, root: EMPTY_ROOT, note: null };

/** What a request asks for, once it is known to come from a log of the list. */
export interface Submission extends AddCheckpoint {
  origin: string;
  tree: WitnessedTree;
  /** What is to be cosigned. */
  text: string;
}

export type Refusal =
  | { kind: "malformed"; why: string }
  | { kind: "unknown_origin" }
  | { kind: "unsigned" }
  | { kind: "stale"; size: number }
  | { kind: "other_root"; size: number }
  | { kind: "inconsistent" };

/** First half of C2SP tlog-witness `add-checkpoint`: a well-formed request about a known log, signed by that log's key. */
export function readSubmission(body: Uint8Array, logs: LogList): Submission | Refusal {
  const request = parseAddCheckpoint(body);
  if (request === null)
    return { kind: "malformed", why: "the request is not `old N`, proof, empty line, checkpoint" };
  const claimed = claimedCheckpoint(request.checkpoint);
  if (claimed === null) return { kind: "malformed", why: "the checkpoint is not one" };
  const keys = logs.get(claimed.origin);
  if (keys === undefined) return { kind: "unknown_origin" };
  try {
    const { origin, size, root, text, verified } = openCheckpoint(request.checkpoint, keys);
    // Without the signatures of others: anybody may have put them there, as many as they liked.
    const note = encodeNote({ text, signatures: verified });
    return { ...request, origin, text, tree: { size, root, note } };
  } catch (error) {
    if (error instanceof LedgerError) return { kind: "unsigned" };
    throw error;
  }
}

/**
 * Second half: whether the tree is the one cosigned last, or grew out of it. Null: cosign, once this tree is remembered
 * durably in place of `last`; both in one step that no other request gets between.
 */
export function refusalOf({ oldSize, proof, tree }: Submission, last: WitnessedTree): Refusal | null {
  if (oldSize > tree.size) return { kind: "malformed", why: "the old size is above the checkpoint's" };
  if (oldSize !== last.size) return { kind: "stale", size: last.size };
  if (last.size === tree.size && !sameBytes(last.root, tree.root))
    return { kind: "other_root", size: last.size };
  const grown = verifyConsistency({
    from: last.size,
    fromRoot: last.root,
    to: tree.size,
    toRoot: tree.root,
    proof,
  });
  return grown ? null : { kind: "inconsistent" };
}

export function isRefusal(value: Submission | Refusal): value is Refusal {
  return "kind" in value;
}

/** Not verified: only to find out whose keys to verify it with. */
function claimedCheckpoint(note: Uint8Array): Checkpoint | null {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}
