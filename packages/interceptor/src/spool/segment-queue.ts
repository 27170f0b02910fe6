import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { FILE_MODE, segmentName, segmentNumber } from "./segment.ts";

const CURSOR_FILE = "cursor";
const CURSOR_DIGITS = 15; // fixed width: one small write at position 0 replaces the whole cursor
const NEWLINE = 10;

export interface Batch {
  /** Whole lines, each ended by a newline. */
  body: Buffer;
  lines: number;
  segment: number;
  /** Where the next batch begins in the segment. */
  end: number;
}

interface Segment {
  number: number;
  length: number;
  closed: boolean;
}

/** The segments of one boot in order, with a persisted cursor: what is before it was acknowledged. */
export class SegmentQueue {
  readonly directory: string;
  readonly #segments: Segment[] = [];
  readonly #onFreed: (bytes: number) => void;
  #offset = 0;
  #cursorFd: number | null = null;
  /** Bytes at the ends of segments that are no whole line: a process was killed while it wrote them. */
  tornBytes = 0;

  /** @param onFreed called with the size of each file that was deleted */
  constructor(directory: string, onFreed: (bytes: number) => void) {
    this.directory = directory;
    this.#onFreed = onFreed;
  }

  /** What another process left in the directory. @throws the system's error when it can't be read */
  static leftBehind(directory: string, onFreed: (bytes: number) => void): SegmentQueue {
    const queue = new SegmentQueue(directory, onFreed);
    const cursor = readCursor(directory);
    const numbers = readdirSync(directory).flatMap((file) => segmentNumber(file) ?? []);
    for (const number of numbers.sort((a, b) => a - b)) {
      const length = statSync(join(directory, segmentName(number))).size;
      queue.#segments.push({ number, length, closed: true });
    }
    while ((queue.#segments[0]?.number ?? cursor.segment) < cursor.segment) queue.#drop();
    if (queue.#segments[0]?.number === cursor.segment) queue.#offset = cursor.offset;
    return queue;
  }

  /** Bytes in files. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.length, 0);
  }

  /** Whether all that was written is acknowledged. */
  get empty(): boolean {
    const [first] = this.#segments;
    return first === undefined || (this.#segments.length === 1 && this.#offset >= first.length);
  }

  opened(number: number): void {
    for (const segment of this.#segments) segment.closed = true;
    this.#segments.push({ number, length: 0, closed: false });
  }

  grew(length: number): void {
    const last = this.#segments.at(-1);
    if (last !== undefined) last.length = length;
  }

  closed(): void {
    for (const segment of this.#segments) segment.closed = true;
  }

  /** The next whole lines after the cursor, or null. @throws the system's error when a segment can't be read */
  next(maxBytes: number, maxLines: number): Batch | null {
    for (;;) {
      const [segment] = this.#segments;
      if (segment === undefined) return null;
      const left = segment.length - this.#offset;
      if (left > 0) {
        const batch = this.#read(segment, Math.min(left, maxBytes), maxLines);
        if (batch !== null) return batch;
        if (left > maxBytes) return this.#read(segment, left, 1) ?? this.#skipTorn(segment, left);
        if (!segment.closed) return null;
        this.tornBytes += left;
      }
      if (!segment.closed) return null;
      this.#drop();
    }
  }

  /** The batch was taken by the receiver: it is never read again. */
  acknowledge(batch: Batch): void {
    this.#offset = batch.end;
    this.#saveCursor(batch.segment, batch.end);
    const [segment] = this.#segments;
    if (segment?.closed === true && this.#offset >= segment.length) this.#drop();
  }

  /** Gives the current segment up, e.g. because its file is gone. Returns its number. */
  abandonSegment(): number | null {
    const [segment] = this.#segments;
    if (segment === undefined) return null;
    this.#drop();
    return segment.number;
  }

  close(): void {
    if (this.#cursorFd !== null) closeSync(this.#cursorFd);
    this.#cursorFd = null;
  }

  #skipTorn(segment: Segment, left: number): null {
    this.tornBytes += left;
    this.#offset = segment.length;
    return null;
  }

  #read(segment: Segment, bytes: number, maxLines: number): Batch | null {
    const buffer = Buffer.allocUnsafe(bytes);
    const fd = openSync(join(this.directory, segmentName(segment.number)), "r");
    let size = 0;
    try {
      while (size < bytes) {
        const got = readSync(fd, buffer, size, bytes - size, this.#offset + size);
        if (got === 0) break;
        size += got;
      }
    } finally {
      closeSync(fd);
    }
    let end = 0;
    let lines = 0;
    while (lines < maxLines) {
      const newline = buffer.indexOf(NEWLINE, end);
      if (newline < 0 || newline >= size) break;
      end = newline + 1;
      lines += 1;
    }
    if (lines === 0) return null;
    return { body: buffer.subarray(0, end), lines, segment: segment.number, end: this.#offset + end };
  }

  /** Deletes the first segment and goes on at the start of the next. */
  #drop(): void {
    const segment = this.#segments.shift();
    this.#offset = 0;
    if (segment === undefined) return;
    try {
      unlinkSync(join(this.directory, segmentName(segment.number)));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    this.#onFreed(segment.length);
  }

  #saveCursor(segment: number, offset: number): void {
    this.#cursorFd ??= openSync(
      join(this.directory, CURSOR_FILE),
      constants.O_RDWR | constants.O_CREAT, // neither truncated nor appended to: overwritten in place
      FILE_MODE,
    );
    const text = `${String(segment).padStart(CURSOR_DIGITS, "0")} ${String(offset).padStart(CURSOR_DIGITS, "0")}\n`;
    writeSync(this.#cursorFd, text, 0);
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function readCursor(directory: string): { segment: number; offset: number } {
  const START = { segment: 0, offset: 0 };
  try {
    const buffer = Buffer.alloc(2 * CURSOR_DIGITS + 2);
    const fd = openSync(join(directory, CURSOR_FILE), "r");
    const size = readSync(fd, buffer, 0, buffer.length, 0);
    closeSync(fd);
    const match = /^(\d{15}) (\d{15})\n$/.exec(buffer.toString("latin1", 0, size));
    if (match === null) return START; // sent again from the start; receivers recognise what they have
    return { segment: Number(match[1]), offset: Number(match[2]) };
  } catch (error) {
    if (isMissing(error)) return START;
    throw error;
  }
}
