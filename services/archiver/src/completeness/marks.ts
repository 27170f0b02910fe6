import type { Log } from "@tripline/stream";

/** What a partition held: its oldest offset, and the one the next record will get. */
export interface Held {
  earliest: number;
  next: number;
}

/** What the log's partitions held at a moment, on the process's own clock, which no one sets. */
export interface Mark {
  atMs: number;
  /** By topic and partition. */
  held: ReadonlyMap<string, ReadonlyMap<number, Held>>;
}

export interface MarksOptions {
  log: Log;
  /** The groups that must have come past a mark, by topic. */
  groups: Readonly<Record<string, string>>;
  /** A mark is ripe when it is so old. */
  graceMs: number;
  /** ms of a clock that never jumps and stands still while the machine sleeps. */
  monotonic(): number;
}

const MAX_MARKS = 64; // waiting for an archiver that is behind; between the oldest and the newest some are left out

/**
 * Tells what is archived for certain, without any clock of another machine: a mark is ripe when all groups have
 * committed what lay before it, and the grace is over.
 */
export class Marks {
  readonly #options: MarksOptions;
  #waiting: Mark[] = [];

  constructor(options: MarksOptions) {
    this.#options = options;
  }

  /** Sets a mark, and gives back the newest ripe one; null when none is (newly) ripe. */
  async look(): Promise<Mark | null> {
    const { log, groups, graceMs, monotonic } = this.#options;
    const atMs = monotonic();
    const held = new Map<string, Map<number, Held>>();
    const committed = new Map<string, ReadonlyMap<number, { offset: number }>>();
    for (const [topic, group] of Object.entries(groups)) {
      const offsets = await log.offsets(topic);
      held.set(
        topic,
        new Map(offsets.map(({ partition, earliest, next }) => [partition, { earliest, next }])),
      );
      committed.set(topic, await log.committed(topic, group));
    }
    this.#waiting.push({ atMs, held });
    if (this.#waiting.length > MAX_MARKS) this.#waiting.splice(1, 1);
    const ripe = this.#waiting.findLastIndex(
      (mark) => atMs - mark.atMs >= graceMs && isPast(mark, committed),
    );
    const mark = this.#waiting[ripe];
    if (mark === undefined) return null;
    this.#waiting = this.#waiting.slice(ripe + 1);
    return mark;
  }
}

function isPast(
  { held }: Mark,
  committed: ReadonlyMap<string, ReadonlyMap<number, { offset: number }>>,
): boolean {
  return [...held].every(([topic, partitions]) =>
    [...partitions].every(
      ([partition, { next }]) => (committed.get(topic)?.get(partition)?.offset ?? 0) >= next,
    ),
  );
}
