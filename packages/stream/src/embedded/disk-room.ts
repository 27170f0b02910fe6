import { statfsSync } from "node:fs";
import { streamError } from "../errors.ts";

const FLOOR_SHARE = 4; // a quarter of the reserve stays for commits and removals alone
const ROOM_AGAIN_SHARE = 4; // a quarter more than the reserve must be free again, or it would flap with every write

/**
 * How full the log's disk is. Three stages: below the reserve no records are taken in from producers, so that what was
 * taken in before can be worked off, alerts and revocations included; below a quarter of it only commits and removals
 * go on; behind that LMDB itself refuses, and nothing is half written.
 */
export class DiskRoom {
  readonly #directory: string;
  readonly reserveBytes: number;
  #full = false;

  constructor(directory: string, reserveBytes: number) {
    this.#directory = directory;
    this.reserveBytes = reserveBytes;
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#directory);
    return bavail * bsize;
  }

  /** Whether producers are refused. */
  isFull(free: number = this.freeBytes()): boolean {
    const enough = this.#full ? this.reserveBytes * (1 + 1 / ROOM_AGAIN_SHARE) : this.reserveBytes;
    this.#full = free < enough;
    return this.#full;
  }

  /** @throws TriplineError TRIPLINE_STREAM_FULL */
  checkIntake(): void {
    if (this.isFull()) throw this.full();
  }

  /** @throws TriplineError TRIPLINE_STREAM_FULL */
  checkOwn(): void {
    if (this.freeBytes() < this.reserveBytes / FLOOR_SHARE) throw this.full();
  }

  full(cause?: unknown) {
    return streamError(
      "TRIPLINE_STREAM_FULL",
      `the disk of ${this.#directory} is full (${this.reserveBytes} bytes are kept in reserve): make room; ` +
        "what was accepted is safe, and writing goes on by itself",
      cause,
    );
  }
}
