import { hasCode, LedgerError } from "../errors.ts";
import type { LedgerStorage } from "../storage/storage.ts";
import { checkEntry, decodeBundle } from "../tiles/bundle.ts";
import { TILE_WIDTH } from "../tiles/geometry.ts";
import { bundlePath, CHECKPOINT_PATH } from "../tiles/path.ts";
import { TileReader, type TreeHead } from "../tiles/tile-reader.ts";
import { sameBytes } from "../tree/hashing.ts";
import { checkSize } from "../tree/size.ts";
import type { LogFile } from "./log-file.ts";
import type { PartialFiles } from "./partial-files.ts";
import { type LogKeys, openPublished, type Published, settleRivalry, signHead } from "./published.ts";
import type { RightEdge } from "./right-edge.ts";
import { Turns } from "./turns.ts";
import { WriteQueue } from "./write-queue.ts";

/**
 * Gives the note back with cosignatures added to it. `reader` proves the new tree's consistency with any earlier one; its tiles are
 * stored already.
 */
export type Cosign = (note: Uint8Array, reader: TileReader) => Promise<Uint8Array>;

interface Parts {
  storage: LedgerStorage;
  keys: LogKeys;
  cosign: Cosign | null;
  published: Published;
  edge: RightEdge;
  partials: PartialFiles;
}

/**
 * An open log. When a tile could not be written, or another writer was first, it throws that error from then on: open it again.
 * Any number of processes may have one log open; the storage lets none of them change what another published.
 */
export class TiledLog {
  readonly #parts: Parts;
  readonly #writes = new WriteQueue();
  readonly #appends = new Turns();
  readonly #checkpoints = new Turns();
  #published: Published;
  /** Put with an unknown outcome: it may stand in the storage. */
  #attempted: Published | null = null;
  #failure: { error: unknown } | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#published = parts.published;
  }

  get origin(): string {
    return this.#parts.keys.origin;
  }

  /** Leaves so far, published or not: the index that the next entry gets. */
  get size(): number {
    return this.#parts.edge.size;
  }

  /** The last checkpoint that this log put, or found. */
  get published(): Published {
    return this.#published;
  }

  /**
   * Entries for the leaves from `index` on: none may be left out, and those that are there already must be the same, so that
   * whoever writes the same records again, after a crash or beside a rival, gets the same tree. Resolves when there is room to
   * go on; durable after the next `checkpoint`.
   * @throws LedgerError TRIPLINE_LEDGER_GAP behind the end, _CONFLICT where a leaf is another, _INVALID; nothing is appended then
   */
  append(index: number, entries: readonly Uint8Array[]): Promise<void> {
    return this.#appends.take(async () => {
      this.#check();
      checkSize(index, "index");
      checkSize(index + entries.length);
      for (const entry of entries) checkEntry(entry);
      const { size } = this;
      if (index > size)
        throw new LedgerError(
          "TRIPLINE_LEDGER_GAP",
          `${this.origin} has ${size} leaves, and index ${index} would leave a gap: append from ${size} on`,
        );
      await this.#compare(index, entries.slice(0, size - index));
      for (const entry of entries.slice(size - index)) {
        const files = this.#parts.edge.append(entry);
        if (files.length > 0) await this.#write(files);
      }
    });
  }

  /**
   * Makes everything appended so far durable and publishes its signed checkpoint. Without new leaves the last one is returned as
   * it is, unless other keys sign now or witnesses cosign: they say that the log is still the same at this time.
   * @throws LedgerError TRIPLINE_LEDGER_SUPERSEDED, _FORKED, and what the storage, a signer or `cosign` throws
   */
  checkpoint(): Promise<Published> {
    return this.#checkpoints.take(async () => {
      this.#check();
      try {
        return await this.#publish();
      } catch (error) {
        if (hasCode(error, "TRIPLINE_LEDGER_SUPERSEDED") || hasCode(error, "TRIPLINE_LEDGER_FORKED"))
          this.#failure ??= { error };
        throw error;
      }
    });
  }

  /** Reads the tree of the last checkpoint, and proves from it. */
  reader(): TileReader {
    return new TileReader(this.#parts.storage, this.#published);
  }

  /** Waits for what is under way. Leaves behind the last checkpoint are appended again by whoever opens the log next. */
  async close(): Promise<void> {
    this.#failure ??= {
      error: new LedgerError("TRIPLINE_LEDGER_INVALID", `${this.origin} is closed: open it again`),
    };
    await this.#appends.take(() => "all before have ended");
    await this.#checkpoints.take(() => "all before have ended");
    await this.#writes.settle();
  }

  async #write(files: readonly LogFile[]): Promise<void> {
    try {
      // The bundle first, as with partial files.
      await this.#writes.add(async () => {
        for (const { path, bytes } of files) await this.#parts.storage.write(path, bytes);
      });
    } catch (error) {
      this.#failure ??= { error }; // the edge is ahead of what is stored
      throw error;
    }
  }

  async #publish(): Promise<Published> {
    const { cosign, partials } = this.#parts;
    const { head, files } = await this.#appends.take(() => this.#snapshot());
    if (head.size === this.#published.size && cosign === null && this.#isSignedByAll())
      return this.#published;
    await this.#writes.settle(); // first: who finds another's full bundle there writes no partial one behind it
    await partials.write(files);
    await partials.removeSuperseded(head.size);
    this.#published = await this.#put({ ...head, note: await this.#sign(head) });
    return this.#published;
  }

  async #put(next: Published): Promise<Published> {
    const { storage, keys } = this.#parts;
    const before = this.#attempted === null ? [this.#published] : [this.#published, this.#attempted];
    this.#attempted = next;
    for (const { note } of before) {
      if (!(await storage.replace(CHECKPOINT_PATH, note, next.note))) continue;
      this.#attempted = null;
      return next;
    }
    const rival = await settleRivalry(next, storage, keys);
    this.#attempted = null;
    return rival;
  }

  #snapshot() {
    const { edge } = this.#parts;
    return { head: { size: edge.size, root: edge.root() }, files: edge.partials() };
  }

  async #sign(head: TreeHead): Promise<Uint8Array> {
    const { storage, keys, cosign } = this.#parts;
    const note = await signHead(head, keys);
    if (cosign === null) return note;
    const cosigned = await cosign(note, new TileReader(storage, head));
    if (openPublished(cosigned, keys).text !== openPublished(note, keys).text)
      throw new LedgerError("TRIPLINE_LEDGER_INVALID", "cosigning must not change a checkpoint's text");
    return cosigned;
  }

  #isSignedByAll(): boolean {
    const { verified } = openPublished(this.#published.note, this.#parts.keys);
    return this.#parts.keys.signers.every(({ keyId }) =>
      verified.some((signature) => sameBytes(signature.keyId, keyId)),
    );
  }

  /** That the leaves from `index` on, which all exist, are these. */
  async #compare(index: number, entries: readonly Uint8Array[]): Promise<void> {
    let known: readonly Uint8Array[] = [];
    for (const [i, entry] of entries.entries()) {
      const leaf = index + i;
      if (i === 0 || leaf % TILE_WIDTH === 0) known = await this.#bundle(Math.floor(leaf / TILE_WIDTH));
      const stored = known[leaf % TILE_WIDTH];
      if (stored === undefined || !sameBytes(stored, entry))
        throw new LedgerError(
          "TRIPLINE_LEDGER_CONFLICT",
          `leaf ${leaf} of ${this.origin} is another entry than the one given now: the records or the ledger were changed; run the verifier`,
        );
    }
  }

  async #bundle(index: number): Promise<readonly Uint8Array[]> {
    const { edge, storage } = this.#parts;
    if (index === Math.floor(edge.size / TILE_WIDTH)) return edge.openEntries();
    await this.#writes.settle();
    return decodeBundle((await storage.read(bundlePath(index))) ?? new Uint8Array()) ?? [];
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
