import { TokenIndex } from "./token-index.ts";
import { scanTokens, type TokenKind, type TokenSink } from "./token-scan.ts";

/** What a segment's tokens are from. */
export const FIELD = 0;
export const PROSE = 1;
export const ARGUMENT = 2;
export type SegmentKind = 0 | 1 | 2;

/** A run of tokens from consecutive texts, or from consecutive fields, of one record. */
export interface Segment {
  /** Its first token; with the tape's `first` subtracted, the place on the tape. */
  start: number;
  kind: SegmentKind;
  /** Index of the call that brought it in. */
  call: number;
  /** Tells records of one output apart. */
  record: number;
  /** Hash of the name of the tool that brought it in; 0 where that does not matter. */
  tool: number;
}

/** The upper bits of a mark say what the token is. */
const KIND_SHIFT = 4;
const KIND_MASK = 7;
/** The token stands in a field that says who: an author, a sender, an owner. */
export const WHO = 128;
export const LEAF_START = 8;
const FIRST_SIZE = 128;

/**
 * Tokens of a session as hashes, in the order they came in: what is remembered of texts without keeping them. One array, so
 * that a look for a few values is one pass over it. Bounded: the oldest segments go first.
 */
export class Tape implements TokenSink {
  hashes: Uint32Array;
  /** Place bits and kind of each token. */
  marks: Uint8Array;
  length = 0;
  segments: Segment[] = [];
  /** Tokens that were dropped for lack of room since the session began. */
  dropped = 0;
  readonly #limit: number;
  readonly #index = new TokenIndex();
  #pending = 0;
  #flags = 0;
  #left = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.hashes = new Uint32Array(0);
    this.marks = new Uint8Array(0);
  }

  /**
   * Adds a piece of text.
   * @param flags marks of all its tokens: WHO or none
   * @returns how many tokens; fewer than it holds once `most` is reached
   */
  add(text: string, chars: number, most: number, about: Omit<Segment, "start">, flags = 0): number {
    const start = this.length;
    const last = this.segments.at(-1);
    if (
      last === undefined ||
      last.kind !== about.kind ||
      last.call !== about.call ||
      last.record !== about.record
    )
      this.segments.push({ start, ...about });
    this.#pending = LEAF_START;
    this.#flags = flags;
    this.#left = most;
    scanTokens(text, Math.min(chars, text.length), this);
    const added = this.length - start;
    if (added === 0 && this.segments.at(-1)?.start === start) this.segments.pop();
    return added;
  }

  /** Forgets everything, and keeps the room. */
  clear(): void {
    this.length = 0;
    this.segments = [];
    this.dropped = 0;
    this.#index.reset();
  }

  /** Where any of these tokens stands, in order. @param wanted each once */
  placesOf(wanted: Iterable<number>): number[] {
    const places: number[] = [];
    for (const hash of wanted) this.#index.placesOf(hash, this.hashes, this.length, places);
    return places.sort((a, b) => a - b);
  }

  /** A tape of just the size that it holds. */
  copy(): Tape {
    const copied = new Tape(this.#limit);
    copied.restore(this.hashes.slice(0, this.length), this.marks.slice(0, this.length), this.segments, 0);
    return copied;
  }

  /** Adds all that another tape holds, as what one call brought in. */
  append(other: Tape, call: number, tool: number): void {
    const start = this.length;
    if (start + other.length > this.hashes.length) this.#grow(start + other.length);
    this.hashes.set(other.hashes.subarray(0, other.length), start);
    this.marks.set(other.marks.subarray(0, other.length), start);
    for (const segment of other.segments)
      this.segments.push({
        start: start + segment.start,
        kind: segment.kind,
        call,
        record: segment.record,
        tool,
      });
    this.length += other.length;
  }

  /** Adds hashes that were made elsewhere. */
  addHashes(hashes: ArrayLike<number>, about: Omit<Segment, "start">, kind: TokenKind = 0): void {
    const start = this.length;
    this.segments.push({ start, ...about });
    const length = start + hashes.length;
    if (length > this.hashes.length) this.#grow(length);
    this.hashes.set(hashes, start);
    this.marks.fill(LEAF_START | (kind << KIND_SHIFT), start, length);
    this.length = length;
  }

  token(hash: number, kind: TokenKind, place: number): boolean {
    if (this.#left <= 0) return false;
    if (this.length === this.hashes.length) this.#grow(this.length + 1);
    this.hashes[this.length] = hash;
    this.marks[this.length] = place | this.#pending | this.#flags | (kind << KIND_SHIFT);
    this.#pending = 0;
    this.length += 1;
    this.#left -= 1;
    return this.#left > 0;
  }

  lineEnd(): void {
    if (this.length > 0) this.marks[this.length - 1] = (this.marks[this.length - 1] ?? 0) | 4;
  }

  /** Takes over what was saved. */
  restore(hashes: Uint32Array, marks: Uint8Array, segments: Segment[], dropped: number): void {
    this.hashes = hashes;
    this.marks = marks;
    this.length = hashes.length;
    this.segments = segments;
    this.dropped = dropped;
    this.#index.reset();
  }

  kindAt(at: number): number {
    return ((this.marks[at] ?? 0) >> KIND_SHIFT) & KIND_MASK;
  }

  endOf(index: number): number {
    return this.segments[index + 1]?.start ?? this.length;
  }

  /** Drops the oldest segments until the limit is kept. @returns how many tokens went */
  makeRoom(): number {
    if (this.length <= this.#limit) return 0;
    let gone = 0;
    const target = this.length - Math.floor(this.#limit * KEPT_SHARE);
    let index = 0;
    while (index < this.segments.length - 1 && gone < target) {
      index += 1;
      gone = this.segments[index]?.start ?? this.length;
    }
    this.hashes.copyWithin(0, gone, this.length);
    this.marks.copyWithin(0, gone, this.length);
    this.length -= gone;
    this.segments = this.segments.slice(index);
    for (const segment of this.segments) segment.start -= gone;
    this.#index.reset();
    this.dropped += gone;
    return gone;
  }

  #grow(least: number): void {
    const size = Math.max(FIRST_SIZE, least, Math.ceil(this.hashes.length * GROWTH));
    const hashes = new Uint32Array(size);
    hashes.set(this.hashes);
    const marks = new Uint8Array(size);
    marks.set(this.marks);
    this.hashes = hashes;
    this.marks = marks;
  }
}

const GROWTH = 1.5; // half as much again: sessions are many and mostly short
const KEPT_SHARE = 0.75; // so that a full tape is not moved at every call
