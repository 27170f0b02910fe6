const MOST_AHEAD_MS = 24 * 3600 * 1000; // a clock that is set right may jump by hours; a day early is no harm in thirty

/** Two clocks read at once, in ms: the date, and time since the machine's boot. */
export interface Clocks {
  wall: number;
  uptime: number;
}

/**
 * The date, as far as time has passed: one that jumps forward while the process runs is believed for a day at most, so
 * that a clock set to next year erases nothing. What it said at the start is believed.
 */
export class BelievedTime {
  readonly #read: () => Clocks;
  readonly #start: Clocks;

  constructor(read: () => Clocks) {
    this.#read = read;
    this.#start = read();
  }

  now(): number {
    const { wall, uptime } = this.#read();
    return Math.min(wall, this.#start.wall + (uptime - this.#start.uptime) + MOST_AHEAD_MS);
  }
}
