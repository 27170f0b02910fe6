import type { LedgerStorage } from "../storage/storage.ts";
import { decodeBundle } from "../tiles/bundle.ts";
import { TileDamage } from "../tiles/damage.ts";
import { TILE_WIDTH } from "../tiles/geometry.ts";
import { bundlePath, parseTilePath } from "../tiles/path.ts";
import { sameBytes } from "../tree/hashing.ts";
import type { LogFile } from "./log-file.ts";
import type { RightEdge } from "./right-edge.ts";

/**
 * Lets the edge grow by the entries that were stored behind the last checkpoint, when a process ended in between: what is
 * stored is never changed, so the tree has to go on with exactly these. Returns the tiles that they fill, to be written.
 * @throws TileDamage where what is stored does not continue the tree
 */
export async function growByUnpublished(edge: RightEdge, storage: LedgerStorage): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (;;) {
    const bundle = Math.floor(edge.size / TILE_WIDTH);
    const known = edge.openEntries();
    const found = await nextBundle(bundle, known.length, storage);
    if (found === null) return files;
    const entries = decodeBundle(found.bytes);
    if (
      entries?.length !== found.width ||
      !known.every((entry, i) => sameBytes(entry, entries[i] ?? found.bytes))
    )
      throw new TileDamage("damaged", [found.path], "it does not continue the tree of the last checkpoint");
    for (const entry of entries.slice(known.length)) files.push(...edge.append(entry));
  }
}

/** The full bundle, or the widest partial one that has more than `width` entries. */
async function nextBundle(index: number, width: number, storage: LedgerStorage) {
  const full = bundlePath(index);
  const whole = await storage.read(full);
  if (whole !== null) return { path: full, width: TILE_WIDTH, bytes: whole };
  const widths = (await storage.list(`${full}.p/`)).map((path) => parseTilePath(path)?.width ?? 0);
  const widest = Math.max(0, ...widths);
  if (widest <= width) return null;
  const path = bundlePath(index, widest);
  const bytes = await storage.read(path);
  return bytes === null ? null : { path, width: widest, bytes };
}
