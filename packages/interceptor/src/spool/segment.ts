import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

export const FILE_MODE = 0o600;
export const DIRECTORY_MODE = 0o700;

const SEGMENT_NAME = /^(\d{8})\.ndjson$/;

export function segmentName(number: number): string {
  return `${String(number).padStart(8, "0")}.ndjson`;
}

/** The segment's number, or null when the file is something else. */
export function segmentNumber(fileName: string): number | null {
  const match = SEGMENT_NAME.exec(fileName);
  return match === null ? null : Number(match[1]);
}

/** One file of the spool, open for appending. Lines are whole in it up to `length`; what is behind is torn. */
export class SegmentWriter {
  readonly number: number;
  readonly #fd: number;
  #length = 0;
  #broken = false;

  /** @throws the system's error when the file can't be made */
  constructor(directory: string, number: number) {
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    this.number = number;
    this.#fd = openSync(join(directory, segmentName(number)), "wx", FILE_MODE);
  }

  get fd(): number {
    return this.#fd;
  }

  get length(): number {
    return this.#length;
  }

  /** True when a failed write left bytes behind that could not be cut off: nothing more may be written here. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Writes all of it or throws the system's error; a part that was written is cut off again. */
  write(bytes: Uint8Array): void {
    let done = 0;
    try {
      while (done < bytes.length) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, this.#length + done);
      }
    } catch (error) {
      this.rollBack();
      throw error;
    }
    this.#length += bytes.length;
  }

  /** After an asynchronous write at `length` succeeded. */
  grew(bytes: number): void {
    this.#length += bytes;
  }

  rollBack(): void {
    try {
      ftruncateSync(this.#fd, this.#length);
    } catch {
      this.#broken = true; // a torn line stays at the end; readers stop at the last newline
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
