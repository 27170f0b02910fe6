const MOST_OF_A_REBOOT_MS = 24 * 3600 * 1000; // what a machine's clock is believed of the time while it was off

/** Two clocks read at once, in ms: time since the machine's boot, its sleep included, and time since the epoch. */
export interface ClockReading {
  uptime: number;
  wall: number;
}

/** What is kept of the clock between runs. */
export interface StoredClock extends ClockReading {
  elapsed: number;
}

/**
 * Time that has really gone by, in ms since the log was made. Retention counts in it and not in the machine's date: a
 * clock that jumps forward by a year makes nothing old. Only across a reboot there is nothing but the date, which is
 * then believed for a day at most.
 */
export class RetentionClock {
  #stored: StoredClock | null;

  constructor(stored: StoredClock | null) {
    this.#stored = stored;
  }

  /** The time now, to be stored. */
  advance({ uptime, wall }: ClockReading): StoredClock {
    const last = this.#stored ?? { uptime, wall, elapsed: 0 };
    const rebooted = uptime < last.uptime;
    const bySleep = Math.min(Math.max(0, wall - last.wall), MOST_OF_A_REBOOT_MS);
    const passed = rebooted ? Math.max(uptime, bySleep) : uptime - last.uptime;
    this.#stored = { uptime, wall, elapsed: last.elapsed + passed };
    return this.#stored;
  }
}
