/** One entry of a segment; a null value says that the key was removed. */
export interface StateEntry {
  key: string;
  value: string | null;
}

/**
 * A step's state, written in segments while records go on. All segments from the oldest kept on, read in order, the later
 * entry of a key winning, are the state. `StateTables` of packages/detection is one.
 */
export interface StepState {
  /**
   * Begins a snapshot of the state as it is now; what `drain` hands out from here on is exactly that, whatever changes
   * meanwhile. Not called while one is on its way.
   * @param keepFrom the oldest segment that stays: what only older ones hold is part of the snapshot again
   * @returns the segment's number: at least 1, and higher than all before and all that were loaded
   */
  begin(keepFrom: number): number;
  /** Hands out entries until `more` says no. Returns whether that was all. */
  drain(write: (entry: StateEntry) => void, more: () => boolean): boolean;
  /** Characters, of keys and values, that are still the latest of their key and lie in this segment. */
  live(segment: number): number;
  /**
   * Called before the first record, with the latest entry of each key, removals too; they are read once. When it rejects
   * with a retriable error it has taken nothing in, and is called again.
   */
  load(entries: Iterable<StateEntry & { segment: number }>): void | Promise<void>;
}

/** A state that is small enough to be taken whole between two batches. */
export function wholeState({
  snapshot,
  restore,
}: {
  snapshot(): Uint8Array;
  restore(bytes: Uint8Array): void;
}): StepState {
  let segment = 0;
  let taken: StateEntry | null = null;
  return {
    begin() {
      segment += 1;
      taken = { key: "", value: Buffer.from(snapshot()).toString("base64") };
      return segment;
    },
    drain(write) {
      if (taken !== null) write(taken);
      taken = null;
      return true;
    },
    live: () => 0, // the next snapshot holds all of it again
    load(entries) {
      for (const { value, segment: from } of entries) {
        segment = from;
        if (value !== null) restore(Buffer.from(value, "base64"));
      }
    },
  };
}
