import { SEVERITIES } from "@tripline/events";
import { z } from "zod";
import type { Evaluator, Finding } from "../evaluators/evaluator.ts";
import type { RecordView } from "../record/record-view.ts";
import type { StateTables } from "../state/state-tables.ts";
import { type Group, groupOf } from "./group.ts";

/** What one rule remembers of all its groups, in one scope. */
export interface Tracker {
  /** Without state: whether the record is one for this tracker. */
  concerns(view: RecordView): boolean;
  /** Judges a record; null when nothing is found or the group is quiet. */
  judge(view: RecordView): { finding: Finding; group: Group } | null;
  readonly counts: { readonly groups: number; readonly quieted: number };
}

interface Entry<S> {
  state: S;
  /** Latest record time of the group. */
  used: number;
  /** Until when findings are not repeated: up to `quietLevel`, with a verified credential up to `quietVerifiedLevel`. */
  quietUntil: number;
  quietLevel: number;
  quietVerifiedLevel: number;
}

/** Where a tracker keeps its groups: `name` is theirs in stored keys. */
export interface TrackerHome {
  tables: StateTables;
  name: string;
  /** Beyond it the longest unused group is forgotten, which is counted as `groups` when it still mattered. */
  maxGroups: number;
}

const NOTHING_TOLD = -1; // below the index of every severity
const LOUD = { quietUntil: 0, quietLevel: NOTHING_TOLD, quietVerifiedLevel: NOTHING_TOLD };

export function createTracker<S>(
  evaluator: Evaluator<S>,
  groupBy: readonly string[],
  { tables, name, maxGroups }: TrackerHome,
): Tracker {
  const entrySchema = z.object({
    state: evaluator.state,
    used: z.number(),
    quietUntil: z.number(),
    quietLevel: z.number(),
    quietVerifiedLevel: z.number(),
  });
  const { save } = evaluator;
  const groups = tables.table<Entry<S>>(name, {
    encode: (entry) => (save === undefined ? entry : { ...entry, state: save(entry.state) }),
    decode: (json) => entrySchema.parse(json),
  });
  let quieted = 0;
  const keepMs = Math.max(evaluator.windowMs, evaluator.quietMs);

  function entryOf(key: string, view: RecordView): Entry<S> {
    const known = groups.use(key);
    if (known !== undefined && view.time - known.used <= keepMs) {
      if (view.time > known.used) known.used = view.time;
      return known;
    }
    const entry = { state: evaluator.fresh(view), used: view.time, ...LOUD };
    groups.set(key, entry);
    if (groups.size > maxGroups) makeRoom(view.time);
    return entry;
  }

  function makeRoom(now: number): void {
    const oldest = groups.oldest();
    if (oldest === undefined) return;
    groups.delete(oldest[0]);
    if (now - oldest[1].used <= keepMs) tables.forget("groups");
  }

  return {
    counts: {
      get groups() {
        return groups.size;
      },
      get quieted() {
        return quieted;
      },
    },
    concerns: (view) => evaluator.concerns(view),
    judge(view) {
      if (!evaluator.concerns(view)) return null;
      const group = groupOf(view, groupBy);
      if (group === null) return null;
      const entry = entryOf(group.key, view);
      const finding = evaluator.judge(entry.state, view);
      if (finding === null) return null;
      if (view.time >= entry.quietUntil) Object.assign(entry, LOUD);
      const level = SEVERITIES.indexOf(finding.level);
      // A key is taken away only for a verified caller: whoever merely claims the credential must not silence that.
      const verified = view.record.envelope.actor?.assurance === "verified";
      if (level <= (verified ? entry.quietVerifiedLevel : entry.quietLevel)) {
        quieted += 1;
        return null;
      }
      entry.quietUntil = view.time + evaluator.quietMs;
      entry.quietLevel = Math.max(level, entry.quietLevel);
      if (verified) entry.quietVerifiedLevel = level;
      return { finding, group };
    },
  };
}
