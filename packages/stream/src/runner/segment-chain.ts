import { createHash, randomBytes } from "node:crypto";
import type { NewRecord } from "../log.ts";
import { SegmentBytes } from "./segment-bytes.ts";
import { digestOf, MAX_RANGES, type SnapshotPointer } from "./snapshot-pointer.ts";
import type { StateEntry, StepState } from "./step-state.ts";

const CHUNK_BYTES = 512 * 1024; // half of what a log takes as one record
const MAX_SEGMENTS = 16; // that a restore reads; beyond it the oldest one's live entries are written again
const MAX_WASTE = 2; // what is stored, beside what is alive
const SMALL = 1_000_000; // characters; below it waste does not matter

/** A segment as it lies on the state topic. `size` counts the characters of its keys and values. */
export interface Segment {
  epoch: string;
  number: number;
  chunks: number;
  size: number;
  sha256: string;
}

/**
 * The segments that hold one partition's state, and the place of the next one. New ones are written under an epoch of this
 * ownership: a zombie's lie under its own, which no commit ever names. Segments of earlier owners stay until cleaning
 * has taken over what is still alive in them, so that a partition that moves costs no snapshot of its whole state.
 */
export class SegmentChain {
  readonly #prefix: string;
  readonly #state: StepState;
  readonly #epoch = randomBytes(16).toString("hex");
  #segments: Segment[];
  /** Keys that the last committed pointer does not need. */
  readonly #stale: Set<string>;

  constructor(options: {
    prefix: string;
    state: StepState;
    segments: Segment[];
    stored: Iterable<string>;
  }) {
    this.#prefix = options.prefix;
    this.#state = options.state;
    this.#segments = options.segments;
    this.#stale = new Set(options.stored);
    for (const segment of options.segments) for (const key of keysOf(segment)) this.#stale.delete(key);
  }

  /** Begins a snapshot of the state as it is now. */
  begin(position: number): SnapshotWriter {
    const kept = this.#kept();
    const number = this.#state.begin(kept[0]?.number ?? Number.POSITIVE_INFINITY);
    return new SnapshotWriter({
      prefix: `${this.#prefix}${this.#epoch}/${number}.`,
      drain: (write, more) => this.#state.drain(write, more),
      finish: (written) => {
        const segments = written.chunks === 0 ? kept : [...kept, { epoch: this.#epoch, number, ...written }];
        const pointer: SnapshotPointer = {
          segments: rangesOf(segments),
          position,
          sha256: digestOf(segments.map(({ sha256 }) => sha256)),
        };
        return {
          pointer,
          named: () => {
            for (const dropped of this.#segments) {
              if (!segments.includes(dropped)) for (const key of keysOf(dropped)) this.#stale.add(key);
            }
            this.#segments = segments;
          },
        };
      },
    });
  }

  /** Tombstones for what the last committed snapshot does not need. */
  tombstones(): NewRecord[] {
    return [...this.#stale].map((key) => ({ key: this.#prefix + key, value: null }));
  }

  /** The tombstones are durable. */
  cleaned(): void {
    this.#stale.clear();
  }

  /** The segments that the next snapshot leaves as they are: the newest, few, and not mostly dead. */
  #kept(): Segment[] {
    const segments = this.#segments;
    const live = segments.map(({ number }) => this.#state.live(number));
    const alive = live.reduce((sum, size) => sum + size, 0);
    let stored = segments.reduce((sum, { size }) => sum + size, 0);
    let from = 0;
    for (const [index, { size }] of segments.entries()) {
      const left = segments.length - index;
      const wasteful = stored > alive * MAX_WASTE + SMALL;
      const tooMany = left >= MAX_SEGMENTS || rangesOf(segments.slice(index)).length >= MAX_RANGES;
      if (live[index] !== 0 && !wasteful && !tooMany) break;
      stored += (live[index] ?? 0) - size;
      from = index + 1;
    }
    return segments.slice(from);
  }
}

/** One snapshot on its way to the log. */
export class SnapshotWriter {
  readonly #prefix: string;
  readonly #drain: StepState["drain"];
  readonly #finish: (written: Omit<Segment, "epoch" | "number">) => FinishedSnapshot;
  readonly #bytes = new SegmentBytes(CHUNK_BYTES);
  readonly #digest = createHash("sha256");
  #chunks = 0;
  #size = 0;
  bytes = 0;

  constructor(options: {
    prefix: string;
    drain: StepState["drain"];
    finish: (written: Omit<Segment, "epoch" | "number">) => FinishedSnapshot;
  }) {
    this.#prefix = options.prefix;
    this.#drain = options.drain;
    this.#finish = options.finish;
  }

  /** Encodes until `more` says no. `records` are to be produced in order; `done` says that they are the last. */
  slice(more: () => boolean): { records: NewRecord[]; done: boolean } {
    const done = this.#drain((entry: StateEntry) => {
      this.#bytes.add(entry);
      this.#size += entry.key.length + (entry.value ?? "").length;
    }, more);
    const records = this.#bytes.take(done).map((value) => {
      this.#digest.update(value);
      this.bytes += value.length;
      return { key: `${this.#prefix}${this.#chunks++}`, value };
    });
    return { records, done };
  }

  /** Everything is durable. */
  finish(): FinishedSnapshot {
    return this.#finish({ chunks: this.#chunks, size: this.#size, sha256: this.#digest.digest("hex") });
  }
}

export interface FinishedSnapshot {
  pointer: SnapshotPointer;
  /** A commit names it: what it does not need may go. */
  named(): void;
}

function keysOf({ epoch, number, chunks }: Segment): string[] {
  return Array.from({ length: chunks }, (_, chunk) => `${epoch}/${number}.${chunk}`);
}

function rangesOf(segments: readonly Segment[]): SnapshotPointer["segments"] {
  const ranges: [string, number, number][] = [];
  for (const { epoch, number } of segments) {
    const last = ranges.at(-1);
    if (last !== undefined && last[0] === epoch && last[2] === number - 1) last[2] = number;
    else ranges.push([epoch, number, number]);
  }
  return ranges;
}
