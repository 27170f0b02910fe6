import { hash } from "node:crypto";
import { Column, EntryStore, NumberTable } from "@tripline/interceptor";

const RUN_BYTES = 64 * 1024; // of frames that lie behind each other, read and sent as one
const MIN_DEAD = 10_000; // frames that were replaced: from so many on, and as many as live, what lives is written anew
const FIRST_SIZE = 64;

/**
 * The newest frame of each key, in the order of their last change. The frames lie in a file of this process's own; in
 * memory are some forty bytes for each, so that a million of them fit, and so does sending them to many at once.
 */
export class FrameTable {
  readonly #directory: string | null;
  #data: Frames;

  /** @param directory of the file; null: in memory */
  constructor(directory: string | null) {
    this.#directory = directory;
    this.#data = new Frames(directory);
  }

  get size(): number {
    return this.#data.live;
  }

  set(key: string, frame: Buffer): void {
    this.#data.remove(key);
    this.#data.add(digestOf(key), frame);
    if (this.#data.dead >= MIN_DEAD && this.#data.dead > this.#data.live) this.#rewrite();
  }

  delete(key: string): void {
    this.#data.remove(key);
  }

  /** The frames as they are now, several in one piece; what is replaced before it is reached is left out. */
  frames(): Iterable<Buffer> {
    return this.#data.frames();
  }

  close(): void {
    this.#data.abandon();
  }

  #rewrite(): void {
    const before = this.#data;
    this.#data = new Frames(this.#directory);
    before.copyInto(this.#data);
    before.abandon();
  }
}

/** SHA-256's first 128 bits: nobody finds two keys with the same, so keys need not be kept. */
type Digest = Uint32Array;

function digestOf(key: string): Digest {
  const bytes = hash("sha256", key, "buffer");
  return new Uint32Array([0, 4, 8, 12].map((at) => bytes.readUInt32LE(at)));
}

class Frames {
  live = 0;
  dead = 0;
  #count = 0;
  #readers = 0;
  #abandoned = false;
  readonly #store: EntryStore;
  readonly #digests = [0, 1, 2, 3].map(() => new Column((size) => new Uint32Array(size), FIRST_SIZE));
  readonly #places = new Column((size) => new Float64Array(size), FIRST_SIZE);
  /** 0: replaced or deleted. */
  readonly #lengths = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #byKey = new NumberTable((frame) => this.#digests[0]?.values[frame] ?? 0);

  constructor(directory: string | null) {
    this.#store = new EntryStore(directory);
  }

  add(digest: Digest, bytes: Buffer): void {
    const frame = this.#count;
    if (frame === this.#lengths.values.length) {
      for (const column of [...this.#digests, this.#places, this.#lengths]) column.grow(frame * 2);
    }
    this.#count += 1;
    this.live += 1;
    for (const [at, column] of this.#digests.entries()) column.values[frame] = digest[at] ?? 0;
    this.#places.values[frame] = this.#store.add(bytes);
    this.#lengths.values[frame] = bytes.length;
    this.#byKey.add(frame, digest[0] ?? 0);
  }

  remove(key: string): void {
    const digest = digestOf(key);
    const frame = this.#byKey.find(digest[0] ?? 0, (each) =>
      this.#digests.every((column, at) => column.values[each] === digest[at]),
    );
    if (frame < 0) return;
    this.#byKey.remove(frame, digest[0] ?? 0);
    this.#lengths.values[frame] = 0;
    this.live -= 1;
    this.dead += 1;
  }

  *frames(): Generator<Buffer> {
    const until = this.#count;
    this.#readers += 1;
    try {
      for (let frame = 0; frame < until; ) {
        const place = this.#places.values[frame] ?? 0;
        let length = 0;
        while (
          frame < until &&
          (length === 0 || this.#places.values[frame] === place + length) &&
          length < RUN_BYTES
        ) {
          const own = this.#lengths.values[frame] ?? 0;
          if (own === 0 && length > 0) break;
          frame += 1;
          length += own;
          if (own === 0) break;
        }
        if (length > 0) yield this.#read(place, length);
      }
    } finally {
      this.#readers -= 1;
      this.#closeUnused();
    }
  }

  copyInto(other: Frames): void {
    for (let frame = 0; frame < this.#count; frame += 1) {
      const length = this.#lengths.values[frame] ?? 0;
      if (length === 0) continue;
      const digest = new Uint32Array(this.#digests.map((column) => column.values[frame] ?? 0));
      other.add(digest, this.#read(this.#places.values[frame] ?? 0, length));
    }
  }

  /** Its file is closed when nobody reads it any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#closeUnused();
  }

  #read(place: number, length: number): Buffer {
    const bytes = this.#store.read(place, length);
    if (bytes === null) throw new Error("the frames that this process keeps in a file can't be read back");
    return bytes;
  }

  #closeUnused(): void {
    if (this.#abandoned && this.#readers === 0) this.#store.close();
  }
}
