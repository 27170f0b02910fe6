/** Everything before `offset` was in the log at `at` (ms of the retention clock). */
export type AgeMark = [at: number, offset: number];

const MARKS_IN_A_RETENTION = 500; // 7 days: one each 20 minutes

/** How old a partition's records are, as a list of marks that grow. */
export class AgeMarks {
  #marks: AgeMark[];
  readonly #keepMs: number;

  constructor(marks: readonly AgeMark[], keepMs: number) {
    this.#marks = [...marks];
    this.#keepMs = keepMs;
  }

  /** Notes where the partition ends now. Returns whether there is anything new to store. */
  note(now: number, next: number): boolean {
    const last = this.#marks.at(-1);
    if (last !== undefined && next <= last[1]) return false;
    if (next === 0) return false;
    // Too soon for a mark of its own: what is new gets an age a little later, and is kept that much longer.
    if (last !== undefined && now - last[0] < this.#keepMs / MARKS_IN_A_RETENTION) return false;
    this.#marks.push([now, next]);
    return true;
  }

  /** The offset before which everything has been kept for longer than declared; null when there is no such thing. */
  oldBefore(now: number): number | null {
    let old: AgeMark | null = null;
    for (const mark of this.#marks) {
      if (now - mark[0] <= this.#keepMs) break;
      old = mark;
    }
    return old === null ? null : old[1];
  }

  /** Forgets the marks of what has gone. Returns what is left, to be stored. */
  removed(before: number): readonly AgeMark[] {
    this.#marks = this.#marks.filter(([, offset]) => offset > before);
    return this.#marks;
  }

  get all(): readonly AgeMark[] {
    return this.#marks;
  }
}
