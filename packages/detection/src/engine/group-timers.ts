import { z } from "zod";
import type { Expired, Timers } from "../evaluators/evaluator.ts";
import type { RecordView } from "../record/record-view.ts";
import type { StateTable } from "../state/state-table.ts";
import type { Group } from "./group.ts";
import type { TrackedGroups, TrackerHome } from "./tracked-groups.ts";

const MAX_TIMERS = 50_000; // of one tracker; beyond it the earliest is forgotten, and with it what it would have found
const timerState = z.object({ due: z.number(), key: z.string(), label: z.string(), value: z.string() });
type Timer = z.infer<typeof timerState>;

/** A finding that time has completed, and its group. */
export interface ExpiredIn {
  expired: Expired;
  group: Group;
}

/**
 * When which groups of a tracker must be looked at, although no record of theirs comes. One tracker always waits for the
 * same time, so the order of making is that of being due.
 */
export class GroupTimers<S> {
  readonly #timers: Timers<S>;
  readonly #groups: TrackedGroups<S>;
  readonly #due: StateTable<Timer>;

  constructor(timers: Timers<S>, groups: TrackedGroups<S>, { tables, name }: TrackerHome) {
    this.#timers = timers;
    this.#groups = groups;
    this.#due = tables.table<Timer>(
      `${name}/due`,
      { encode: (timer) => timer, decode: (json) => timerState.parse(json) },
      { limit: MAX_TIMERS, what: "timers" },
    );
  }

  /** To be called after a record of the group was judged. */
  note(state: S, view: RecordView, { key, label, value }: Group): void {
    const due = this.#timers.dueOf(state, view);
    if (due !== null) this.#due.set(`${view.record.envelope.id} ${key}`, { due, key, label, value });
  }

  /** What was due before the log took a record at `now`, each moment by itself: when it is asked must not matter. */
  expire(now: number): ExpiredIn[] {
    const found: ExpiredIn[] = [];
    for (let next = this.#due.oldest(); next !== undefined && next[1].due < now; next = this.#due.oldest()) {
      const [id, { due, key, label, value }] = next;
      this.#due.delete(id);
      const entry = this.#groups.existing(key);
      const expired = entry === undefined ? null : this.#timers.expire(entry.state, due);
      if (entry === undefined || expired === null) continue;
      const { finding, envelope, time } = expired;
      if (this.#groups.tells(entry, finding, { time, record: { envelope } }))
        found.push({ expired, group: { key, label, value } });
    }
    return found;
  }
}
