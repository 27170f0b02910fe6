import { SEVERITIES } from "@tripline/events";
import { z } from "zod";
import type { Finding } from "../evaluators/evaluator.ts";
import type { RecordView } from "../record/record-view.ts";
import { NO_TURN } from "../state/shared-rows.ts";
import type { RowCodec } from "../state/state-table.ts";
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
  /** Whether it is small and follows every call: then rules that group alike keep theirs in one row for each group. */
  readonly sharesRow?: boolean;
}

const NOTHING_TOLD = -1; // below the index of every severity
const LOUD = { quietUntil: 0, quietLevel: NOTHING_TOLD, quietVerifiedLevel: NOTHING_TOLD };

/** The groups of one tracker, bounded, and which of their findings were told already. */
export class TrackedGroups<S> {
  quieted = 0;
  readonly #about: GroupState<S>;
  readonly #home: TrackerHome;
  readonly #keepMs: number;
  readonly #groups: GroupRows<Entry<S>>;

  /** @param groupBy fields that name the groups */
  constructor(about: GroupState<S>, home: TrackerHome, groupBy: readonly string[]) {
    this.#about = about;
    this.#home = home;
    this.#keepMs = Math.max(about.windowMs, about.quietMs);
    // Sessions are too many to share: who is seldom concerned would forget them as early as who always is.
    const shares = about.sharesRow === true && !groupBy.includes("session");
    this.#groups = shares ? this.#sharedRows(groupBy) : this.#ownRows();
  }

  get size(): number {
    return this.#groups.size;
  }

  /** The group's entry, which may be changed in this turn; a new one where the group saw nothing for long. */
  entryOf(key: string, view: RecordView): Entry<S> {
    const known = this.knownEntryOf(key, view);
    if (known !== undefined) return known;
    const entry = this.freshEntry(view);
    this.keep(entry, key, view);
    return entry;
  }

  /** As `entryOf`, undefined where nothing is kept of the group. */
  knownEntryOf(key: string, view: RecordView): Entry<S> | undefined {
    const known = this.#groups.use(key, view.serial);
    if (known === undefined) return undefined;
    if (view.time - known.used <= this.#keepMs) {
      if (view.time > known.used) known.used = view.time;
      return known;
    }
    const entry = this.freshEntry(view);
    this.keep(entry, key, view);
    return entry;
  }

  /** An entry that is not kept yet. */
  freshEntry(view: RecordView): Entry<S> {
    return { state: this.#about.fresh(view), used: view.time, ...LOUD };
  }

  keep(entry: Entry<S>, key: string, view: RecordView): void {
    this.#groups.add(entry, { key, turn: view.serial, now: view.time });
  }

  /** Of all groups, only to be looked at. */
  *states(): IterableIterator<S> {
    for (const { state } of this.#groups.values()) yield state;
  }

  /** The group's entry, which may be changed in this turn; undefined where nothing is remembered of it. */
  existing(key: string): Entry<S> | undefined {
    return this.#groups.use(key, NO_TURN);
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

  #sharedRows(groupBy: readonly string[]): GroupRows<Entry<S>> {
    const { name, maxGroups, tables } = this.#home;
    const rows = { name: `shared/${groupBy.join()}/${maxGroups}`, limit: maxGroups, what: "groups" };
    return tables.part<Entry<S>>(name, { ...this.#codec(), matters: this.#matters }, rows);
  }

  #ownRows(): GroupRows<Entry<S>> {
    const { name, maxGroups, tables } = this.#home;
    const table = tables.table<Entry<S>>(name, this.#codec());
    return {
      get size() {
        return table.size;
      },
      use: (key) => table.use(key),
      add: (entry, { key, now }) => {
        table.set(key, entry);
        const oldest = table.size > maxGroups ? table.oldest() : undefined;
        if (oldest === undefined) return;
        table.delete(oldest[0]);
        if (this.#matters(oldest[1], now)) tables.forget("groups");
      },
      *values() {
        for (const [, entry] of table.entries()) yield entry;
      },
    };
  }

  readonly #matters = ({ used }: Entry<S>, now: number): boolean => now - used <= this.#keepMs;

  #codec(): RowCodec<Entry<S>> {
    const { save, state } = this.#about;
    const entrySchema = z.object({
      state,
      used: z.number(),
      quietUntil: z.number(),
      quietLevel: z.number(),
      quietVerifiedLevel: z.number(),
    });
    return {
      encode: (entry) => (save === undefined ? entry : { ...entry, state: save(entry.state) }),
      decode: (json) => entrySchema.parse(json),
    };
  }
}

/** Where a tracker's groups are kept: rows of its own, or its part of shared ones. */
interface GroupRows<E> {
  readonly size: number;
  use(key: string, turn: number): E | undefined;
  add(entry: E, at: { key: string; turn: number; now: number }): void;
  values(): IterableIterator<E>;
}
