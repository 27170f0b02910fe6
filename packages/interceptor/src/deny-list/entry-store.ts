import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DIRECTORY_MODE, FILE_MODE } from "../spool/segment.ts";

const UNWRITTEN_BYTES = 256 * 1024; // gathered before they are written

/** Where bytes lie: below 0 in the file they were taken over from, at `-1 - place`; else among those added since. */
export type Place = number;

/**
 * Bytes that are written once and seldom read again, kept out of memory: in a file of this process's own that nobody else
 * sees (unlinked as soon as it is open, gone with the process), and in a file that was taken over whole. Where no file can
 * be made, they are in memory after all.
 */
export class EntryStore {
  #file: number | null;
  #takenOver: number | null = null;
  #written = 0;
  #unwritten: Buffer[] = [];
  #unwrittenBytes = 0;
  /** Instead of the file; each begins where the one before ends. */
  #memory: { at: number; bytes: Buffer }[] = [];

  /** @param directory of the private file; null: memory only */
  constructor(directory: string | null) {
    this.#file = directory === null ? null : openPrivate(directory);
  }

  /** Nothing of it must be changed afterwards. */
  add(bytes: Buffer): Place {
    const place = this.#written + this.#unwrittenBytes;
    this.#unwritten.push(bytes);
    this.#unwrittenBytes += bytes.length;
    if (this.#unwrittenBytes >= UNWRITTEN_BYTES) this.#flush();
    return place;
  }

  /** The place of bytes in the file that is taken over. */
  placeIn(offset: number): Place {
    return -1 - offset;
  }

  /** Null when they can't be read: somebody damaged the file. */
  read(place: Place, length: number): Buffer | null {
    const bytes = Buffer.allocUnsafe(length);
    if (place < 0) return readWhole(this.#takenOver, bytes, -1 - place);
    if (place + length > this.#written) this.#flush();
    if (this.#file !== null) return readWhole(this.#file, bytes, place);
    return this.#readMemory(place, length);
  }

  /** From now on `placeIn` is about this file, which belongs to the store. What lay in the one before is no more. */
  takeOver(file: number): void {
    if (this.#takenOver !== null) closeSync(this.#takenOver);
    this.#takenOver = file;
  }

  /** What was added lies elsewhere now: see `takeOver`. */
  forgetAdded(): void {
    if (this.#file !== null) ftruncateSync(this.#file);
    this.#memory = [];
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    this.#written = 0;
  }

  /** Nothing can be read any more. */
  close(): void {
    for (const file of [this.#file, this.#takenOver]) if (file !== null) closeSync(file);
    this.#file = null;
    this.#takenOver = null;
    this.#memory = [];
    this.#unwritten = [];
  }

  #readMemory(place: number, length: number): Buffer | null {
    const pieces: Buffer[] = [];
    let at = this.#memory.findLastIndex((chunk) => chunk.at <= place);
    for (let from = place; from < place + length; at += 1) {
      const chunk = this.#memory[at];
      if (chunk === undefined) return null;
      const piece = chunk.bytes.subarray(from - chunk.at, place + length - chunk.at);
      pieces.push(piece);
      from += piece.length;
    }
    return Buffer.concat(pieces, length);
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#unwritten, this.#unwrittenBytes);
    if (this.#file === null) this.#memory.push({ at: this.#written, bytes });
    else
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, this.#written + done);
    this.#written += bytes.length;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
  }
}

function readWhole(file: number | null, into: Buffer, at: number): Buffer | null {
  if (file === null) return null;
  return readSync(file, into, 0, into.length, at) === into.length ? into : null;
}

let made = 0;

function openPrivate(directory: string): number | null {
  made += 1;
  const path = join(directory, `.entries-${process.pid}-${made}-${Date.now()}`);
  try {
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    const file = openSync(path, "wx+", FILE_MODE);
    unlinkSync(path);
    return file;
  } catch {
    return null; // a directory that can't be written to costs memory, and nothing else
  }
}
