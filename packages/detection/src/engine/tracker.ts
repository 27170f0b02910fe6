import type { Baseline } from "../baseline/baseline.ts";
import type { Evaluator, Finding, Past } from "../evaluators/evaluator.ts";
import type { RecordView } from "../record/record-view.ts";
import { type Group, groupOf } from "./group.ts";
import { type ExpiredIn, GroupTimers } from "./group-timers.ts";
import { TrackedGroups, type TrackerHome } from "./tracked-groups.ts";

export type { TrackerHome } from "./tracked-groups.ts";

/** What a record completes. `told`: its group is not quiet, so it raises an alert. */
export interface Judged {
  finding: Finding;
  group: Group;
  told: boolean;
}

/** What one rule remembers of all its groups, in one scope. */
export interface Tracker {
  /** Without state: whether the record is one for this tracker. */
  concerns(view: RecordView): boolean;
  /**
   * Judges a record; null when nothing is found.
   * @param concerned true: `concerns` is known to say yes, and need not be asked
   */
  judge(view: RecordView, concerned?: boolean): Judged | null;
  /**
   * What time has completed before the log took a record at `now` (ms since the epoch), to be asked before that record
   * is judged. Absent where time completes nothing.
   */
  expire?(now: number): ExpiredIn[];
  /** Of rules that judge a group by its own past: takes up what is usual of the group of this record. */
  takeUp?(view: RecordView, baseline: Baseline): void;
  /** And what is usual of all groups. */
  baselines?(): ReturnType<Past<unknown>["baselineOf"]>[];
  readonly counts: { readonly groups: number; readonly quieted: number };
}

export function createTracker<S>(
  evaluator: Evaluator<S>,
  groupBy: readonly string[],
  home: TrackerHome,
): Tracker {
  const groups = new TrackedGroups(evaluator, home, groupBy);
  const groupName = groupBy.join();
  const isEmpty = (state: S): boolean => evaluator.isEmpty?.(state) === true;
  const timers = evaluator.timers === undefined ? null : new GroupTimers(evaluator.timers, groups, home);
  return {
    ...(evaluator.past === undefined ? {} : pastOf(evaluator.past)),
    ...(timers === null ? {} : { expire: (now: number) => timers.expire(now) }),
    counts: countsOf(groups),
    concerns: (view) => evaluator.concerns(view),
    judge(view, concerned = false) {
      if (!concerned && !evaluator.concerns(view)) return null;
      const group = groupOf(view, groupBy, groupName);
      if (group === null) return null;
      const known = groups.knownEntryOf(group.key, view);
      const entry = known ?? groups.freshEntry(view);
      const awaitsContent = known === undefined && isEmpty(entry.state);
      if (known === undefined && !awaitsContent) groups.keep(entry, group.key, view);
      const finding = evaluator.judge(entry.state, view);
      // A sequence's last step without its first: of such a group there is nothing to keep.
      if (awaitsContent && (finding !== null || !isEmpty(entry.state))) groups.keep(entry, group.key, view);
      timers?.note(entry.state, view, group);
      return finding === null ? null : { finding, group, told: groups.tells(entry, finding, view) };
    },
  };

  function pastOf(past: Past<S>): Pick<Tracker, "takeUp" | "baselines"> {
    return {
      takeUp(view, baseline) {
        const group = groupOf(view, groupBy);
        if (group !== null) past.takeUp(groups.entryOf(group.key, view).state, baseline);
      },
      baselines: () => [...groups.states()].map((state) => past.baselineOf(state)),
    };
  }
}

export function countsOf(groups: { readonly size: number; readonly quieted: number }): Tracker["counts"] {
  return {
    get groups() {
      return groups.size;
    },
    get quieted() {
      return groups.quieted;
    },
  };
}
