import type { Scope } from "../evaluators/evaluator.ts";
import { type Rule, versionKey } from "../rule/rule.ts";
import type { StateTables } from "../state/state-tables.ts";
import type { Listener } from "./dispatch.ts";
import { matchesLogsource } from "./logsource.ts";
import { createTracker, type Tracker, type TrackerHome } from "./tracker.ts";

/** One tracker of a rule; `demote` says by how many grades its findings are lowered. */
export interface ScopedTracker {
  tracker: Tracker;
  demote: 0 | 1;
}

/** All trackers of a rule. */
export interface RuleTrackers extends Listener {
  readonly trackers: readonly ScopedTracker[];
}

const NO_LIMIT_MS = Number.MAX_SAFE_INTEGER;
const LOOSE_WINDOW_MS = 30 * 60_000; // what counts as together when no session says so

/**
 * The trackers of a rule. Rules that look at a session look at credential + principal + 30 minutes as well, one grade
 * lower: session ids can be absent, one for each call, or chosen by the agent.
 */
export function trackersOf(rule: Rule, tables: StateTables): RuleTrackers {
  const maxGroups = rule.definition.tripline.max_groups;
  // A rule that has changed starts empty: its groups are kept under its hash.
  const home = (scope: string): TrackerHome => ({
    tables,
    name: `groups/${versionKey(rule)}/${scope}`,
    maxGroups,
  });
  const { evaluation } = rule;
  const { groupBy, alsoLoose } = evaluation;
  const track = (scope: Scope, name: string): Tracker =>
    evaluation.tracker === undefined
      ? createTracker(evaluation.evaluator(scope), scope.groupBy, home(name))
      : evaluation.tracker(home(name));
  const own: ScopedTracker = { tracker: track({ groupBy, maxWindowMs: NO_LIMIT_MS }, "own"), demote: 0 };
  const perSession = groupBy.length === 1 && groupBy[0] === "session";
  const trackers = perSession && alsoLoose ? [own, looseTracker()] : [own];
  return {
    rule,
    trackers,
    concerns(view) {
      if (!matchesLogsource(rule, view)) return false;
      for (const { tracker } of trackers) if (tracker.concerns(view)) return true;
      return false;
    },
  };

  function looseTracker(): ScopedTracker {
    const groupBy = ["credential", "principal?"];
    return { tracker: track({ groupBy, maxWindowMs: LOOSE_WINDOW_MS }, "loose"), demote: 1 };
  }
}
