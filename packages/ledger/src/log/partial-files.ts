import type { LedgerStorage } from "../storage/storage.ts";
import { partialTiles, TILE_WIDTH, tileWidth } from "../tiles/geometry.ts";
import { bundlePath, parseTilePath, tilePath } from "../tiles/path.ts";
import type { LogFile } from "./log-file.ts";

/**
 * Partial tiles and bundles that exist, so that each is written once and removed when the full one is there (C2SP tlog-tiles,
 * "Partial Tiles"): a log that grows slowly would otherwise keep 255 of each.
 */
export class PartialFiles {
  readonly #paths = new Set<string>();
  /** Those of this process: what another wrote is compared before it is believed to be the same. */
  readonly #written = new Set<string>();
  readonly #storage: LedgerStorage;

  constructor(storage: LedgerStorage) {
    this.#storage = storage;
  }

  /** Learns of those at the edge of a tree of this size, which an earlier process wrote. */
  async find(size: number): Promise<void> {
    const folders = partialTiles(size).map((id) => tilePath({ ...id, width: TILE_WIDTH }));
    if (size % TILE_WIDTH > 0) folders.push(bundlePath(Math.floor(size / TILE_WIDTH)));
    const found = await Promise.all(folders.map((folder) => this.#storage.list(`${folder}.p/`)));
    for (const path of found.flat()) this.#paths.add(path);
  }

  /** The bundle first: of two writers with different entries only the one whose bundle is there writes tiles. */
  async write(files: readonly LogFile[]): Promise<void> {
    const fresh = files.filter(({ path }) => !this.#written.has(path));
    const isBundle = ({ path }: LogFile): boolean => parseTilePath(path)?.kind === "entries";
    for (const some of [fresh.filter(isBundle), fresh.filter((file) => !isBundle(file))]) {
      await Promise.all(
        some.map(({ path, bytes, provisional }) => this.#storage.write(path, bytes, { provisional })),
      );
    }
    for (const { path } of fresh) {
      this.#paths.add(path);
      this.#written.add(path);
    }
  }

  /** Removes those whose full one a tree of this size has; it must be durable. */
  async removeSuperseded(size: number): Promise<void> {
    const superseded = [...this.#paths].filter((path) => {
      const resource = parseTilePath(path);
      if (resource === null) return false;
      const level = resource.kind === "tile" ? resource.level : 0;
      return tileWidth(level, resource.index, size) === TILE_WIDTH;
    });
    await Promise.all(superseded.map((path) => this.#storage.remove(path)));
    for (const path of superseded) {
      this.#paths.delete(path);
      this.#written.delete(path);
    }
  }
}
