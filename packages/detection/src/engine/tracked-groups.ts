import { SEVERITIES } from "@tripline/events";
import { z } from "zod";
import type { Finding } from "../evaluators/evaluator.ts";
import type { RecordView } from "../record/record-view.ts";
import type { StateTable } from "../state/state-table.ts";
import type { StateTables } from "../state/state-tables.ts";

/** Where a tracker keeps its groups: `name` is theirs in stored keys. */
export interface TrackerHome {
  tables: StateTables;
  name: string;
  /** Beyond it the longest unused group is forgotten, which is counted as `groups` when it still mattered. */
  maxGroups: number;
}

/** What is remembered of one group. */
export interface Entry<S> {
  state: S;
  /** Latest record time of the group. */
  used: number;
  /** Until when findings are not repeated: up to `quietLevel`, with a verified credential up to `quietVerifiedLevel`. */
  quietUntil: number;
  quietLevel: number;
  quietVerifiedLevel: number;
}

/** What `TrackedGroups` must know of whoever judges them. */
export interface GroupState<S> {
  readonly state: z.ZodType<S>;
  /** The state as plain data, where it is not plain itself. */
  save?(state: S): unknown;
  /** A group that saw nothing for so long is forgotten. */
  readonly windowMs: number;
  /** After an alert, findings of the same severity or lower for the group are not repeated for so long. */
  readonly quietMs: number;
  fresh(view: RecordView): S;
}

const NOTHING_TOLD = -1; // below the index of every severity
const LOUD = { quietUntil: 0, quietLevel: NOTHING_TOLD, quietVerifiedLevel: NOTHING_TOLD };

/** The groups of one tracker, bounded, and which of their findings were told already. */
export class TrackedGroups<S> {
  quieted = 0;
  readonly #about: GroupState<S>;
  readonly #home: TrackerHome;
  readonly #keepMs: number;
  readonly #groups: StateTable<Entry<S>>;

  constructor(about: GroupState<S>, home: TrackerHome) {
    const entrySchema = z.object({
      state: about.state,
      used: z.number(),
      quietUntil: z.number(),
      quietLevel: z.number(),
      quietVerifiedLevel: z.number(),
    });
    this.#about = about;
    this.#home = home;
    this.#keepMs = Math.max(about.windowMs, about.quietMs);
    this.#groups = home.tables.table<Entry<S>>(home.name, {
      encode: (entry) => (about.save === undefined ? entry : { ...entry, state: about.save(entry.state) }),
      decode: (json) => entrySchema.parse(json),
    });
  }

  get size(): number {
    return this.#groups.size;
  }

  /** The group's entry, which may be changed in this turn; a new one where the group saw nothing for long. */
  entryOf(key: string, view: RecordView): Entry<S> {
    const known = this.#groups.use(key);
    if (known !== undefined && view.time - known.used <= this.#keepMs) {
      if (view.time > known.used) known.used = view.time;
      return known;
    }
    const entry = { state: this.#about.fresh(view), used: view.time, ...LOUD };
    this.#groups.set(key, entry);
    if (this.#groups.size > this.#home.maxGroups) this.#makeRoom(view.time);
    return entry;
  }

  /** Of all groups, only to be looked at. */
  *states(): IterableIterator<S> {
    for (const [, { state }] of this.#groups.entries()) yield state;
  }

  /** The group's entry, which may be changed in this turn; undefined where nothing is remembered of it. */
  existing(key: string): Entry<S> | undefined {
    return this.#groups.use(key);
  }

  /** Whether the finding is to be told: not while the group is quiet, unless it is graver. Then the group is quiet. */
  tells(entry: Entry<S>, finding: Finding, view: Pick<RecordView, "time" | "record">): boolean {
    if (view.time >= entry.quietUntil) Object.assign(entry, LOUD);
    const level = SEVERITIES.indexOf(finding.level);
    // A key is taken away only for a verified caller: whoever merely claims the credential must not silence that.
    const verified = view.record.envelope.actor?.assurance === "verified";
    if (level <= (verified ? entry.quietVerifiedLevel : entry.quietLevel)) {
      this.quieted += 1;
      return false;
    }
    entry.quietUntil = view.time + this.#about.quietMs;
    entry.quietLevel = Math.max(level, entry.quietLevel);
    if (verified) entry.quietVerifiedLevel = level;
    return true;
  }

  #makeRoom(now: number): void {
    const oldest = this.#groups.oldest();
    if (oldest === undefined) return;
    this.#groups.delete(oldest[0]);
    if (now - oldest[1].used <= this.#keepMs) this.#home.tables.forget("groups");
  }
}
