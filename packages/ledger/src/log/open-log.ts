import { LedgerError } from "../errors.ts";
import type { Signer, Verifier } from "../note/index.ts";
import type { LedgerStorage } from "../storage/storage.ts";
import { TileDamage } from "../tiles/damage.ts";
import { CHECKPOINT_PATH } from "../tiles/path.ts";
import { TileReader } from "../tiles/tile-reader.ts";
import { PartialFiles } from "./partial-files.ts";
import { beginLog, logKeys, readPublished } from "./published.ts";
import { RightEdge } from "./right-edge.ts";
import { type Cosign, TiledLog } from "./tiled-log.ts";
import { growByUnpublished } from "./unpublished.ts";
import { WriteQueue } from "./write-queue.ts";

export interface OpenLogOptions {
  storage: LedgerStorage;
  /** The log's name for the world, the same for ever; also the name of its keys. */
  origin: string;
  /** Each signs each checkpoint: the old key and the new one while keys are changed. At least one. */
  signers: readonly Signer[];
  /** Further keys that stored checkpoints may be signed with: those of before. */
  verifiers?: readonly Verifier[];
  /** Whether a log may be begun where there is none (default true). Say false where there must be one, or a lost one is begun anew. */
  create?: boolean;
  /** Has witnesses cosign each checkpoint before it is published. */
  cosign?: Cosign;
}

/**
 * Opens a log where its last checkpoint and what was stored behind it left it: any crash heals here. Everything that it goes on
 * from is verified against the checkpoint.
 * @throws TileDamage and LedgerErrors of the storage and of `openCheckpoint`
 */
export async function openLog(options: OpenLogOptions): Promise<TiledLog> {
  const { storage, origin, signers, verifiers = [], create = true, cosign = null } = options;
  if (signers.length === 0)
    throw new LedgerError("TRIPLINE_LEDGER_INVALID", `name at least one key that signs ${origin}`);
  const keys = logKeys(origin, signers, verifiers);
  const stored = await readPublished(storage, keys);
  if (stored === null && !create)
    throw new TileDamage("missing", [CHECKPOINT_PATH], `there must be a log ${origin} here: bring it back`);
  const published = stored ?? (await beginLog(storage, keys));
  const edge = await RightEdge.of(new TileReader(storage, published));
  const partials = new PartialFiles(storage);
  await partials.find(published.size);
  const files = await growByUnpublished(edge, storage);
  await partials.find(edge.size);
  const writes = new WriteQueue();
  for (const { path, bytes } of files) await writes.add(() => storage.write(path, bytes));
  await writes.settle();
  return new TiledLog({ storage, keys, cosign, published, edge, partials });
}
