import { type OpenedCheckpoint, openCheckpoint, signCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { parseVerifierKey, type Signer, type Verifier } from "../note/index.ts";
import type { LedgerStorage } from "../storage/storage.ts";
import { TileDamage } from "../tiles/damage.ts";
import { CHECKPOINT_PATH } from "../tiles/path.ts";
import { TileReader, type TreeHead } from "../tiles/tile-reader.ts";
import { EMPTY_ROOT, sameBytes } from "../tree/hashing.ts";

/** A checkpoint as it stands in the storage. */
export interface Published extends TreeHead {
  /** The signed note, with its cosignatures. */
  note: Uint8Array;
}

export interface LogKeys {
  origin: string;
  signers: readonly Signer[];
  verifiers: readonly Verifier[];
}

/** The keys that a log's checkpoints are believed by: its signers' own, and `more`, such as those it had before. */
export function logKeys(origin: string, signers: readonly Signer[], more: readonly Verifier[]): LogKeys {
  const reference = ({ name, keyId }: Verifier) => `${name}+${keyId.join(".")}`;
  const own = signers.map(({ verifierKey }) => parseVerifierKey(verifierKey));
  const verifiers = new Map<string, Verifier>();
  for (const verifier of [...own, ...more]) verifiers.set(reference(verifier), verifier);
  return { origin, signers, verifiers: [...verifiers.values()] };
}

/** @throws LedgerError as `openCheckpoint`, and TRIPLINE_LEDGER_INVALID for another log's checkpoint */
export function openPublished(note: Uint8Array, { origin, verifiers }: LogKeys): OpenedCheckpoint {
  const checkpoint = openCheckpoint(note, verifiers);
  if (checkpoint.origin !== origin)
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      `this storage holds the log ${checkpoint.origin}, not ${origin}: give each log its own`,
    );
  return checkpoint;
}

export async function readPublished(storage: LedgerStorage, keys: LogKeys): Promise<Published | null> {
  const note = await storage.read(CHECKPOINT_PATH);
  if (note === null) return null;
  const { size, root } = openPublished(note, keys);
  return { size, root, note };
}

/**
 * The first checkpoint, of no leaves, before any tile: tiles without a checkpoint are then always a loss.
 * @throws TileDamage TRIPLINE_LEDGER_MISSING where there are tiles already
 */
export async function beginLog(storage: LedgerStorage, keys: LogKeys): Promise<Published> {
  const tiles = await storage.list("tile/");
  const head = { size: 0, root: EMPTY_ROOT };
  const note = await signHead(head, keys);
  if (tiles.length === 0 && (await storage.replace(CHECKPOINT_PATH, null, note))) return { ...head, note };
  const other = await readPublished(storage, keys); // another process may have begun it meanwhile
  if (other !== null) return other;
  throw new TileDamage(
    "missing",
    [CHECKPOINT_PATH],
    "there are tiles, but no checkpoint: bring back the last one",
  );
}

export function signHead({ size, root }: TreeHead, { origin, signers }: LogKeys): Promise<Uint8Array> {
  return signCheckpoint({ origin, size, root, extensions: [] }, signers);
}

/**
 * Another writer's checkpoint stands where this one's was to go: the same tree, or the error that says which of the two went
 * astray. All tiles of `head` must be stored.
 */
export async function settleRivalry(
  head: TreeHead,
  storage: LedgerStorage,
  keys: LogKeys,
): Promise<Published> {
  const rival = await readPublished(storage, keys);
  if (rival === null) throw new TileDamage("missing", [CHECKPOINT_PATH], "it was there and is gone");
  const [larger, smaller] = rival.size > head.size ? [rival, head] : [head, rival];
  const shared = await new TileReader(storage, larger).rootAt(smaller.size);
  if (!sameBytes(shared, smaller.root))
    throw new LedgerError(
      "TRIPLINE_LEDGER_FORKED",
      `${keys.origin} has a checkpoint of ${rival.size} leaves that does not agree with this writer's ${head.size}: two writers were given different records; stop both and keep what they wrote`,
    );
  if (rival.size === head.size) return rival;
  throw new LedgerError(
    "TRIPLINE_LEDGER_SUPERSEDED",
    `another process has published ${rival.size} leaves of ${keys.origin}: whoever still owns this log opens it again`,
  );
}
