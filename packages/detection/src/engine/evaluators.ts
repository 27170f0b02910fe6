import { changedEvaluator } from "../evaluators/changed.ts";
import type { Scope } from "../evaluators/evaluator.ts";
import { eventCountEvaluator } from "../evaluators/event-count.ts";
import { matchEvaluator } from "../evaluators/match.ts";
import { newValueEvaluator } from "../evaluators/new-value.ts";
import { sequenceEvaluator } from "../evaluators/sequence.ts";
import { trifectaEvaluator } from "../evaluators/trifecta.ts";
import { valueCountEvaluator } from "../evaluators/value-count.ts";
import type { Rule } from "../rule/rule.ts";
import type { StateTables } from "../state/state-tables.ts";
import { createTracker, type Tracker, type TrackerHome } from "./tracker.ts";

/** One tracker of a rule; `demote` says by how many grades its findings are lowered. */
export interface ScopedTracker {
  tracker: Tracker;
  demote: 0 | 1;
}

const NO_LIMIT_MS = Number.MAX_SAFE_INTEGER;
const LOOSE_WINDOW_MS = 30 * 60_000; // what counts as together when no session says so

/**
 * The trackers of a rule. Rules that look at a session look at credential + principal + 30 minutes as well, one grade
 * lower: session ids can be absent, one for each call, or chosen by the agent.
 */
export function trackersOf(rule: Rule, tables: StateTables): ScopedTracker[] {
  const maxGroups = rule.definition.tripline.max_groups;
  // A rule that has changed starts empty: its groups are kept under its hash.
  const home = (scope: string): TrackerHome => ({
    tables,
    name: `groups/${rule.id}/${rule.hash}/${scope}`,
    maxGroups,
  });
  const own: ScopedTracker = {
    tracker: trackerOf(rule, { groupBy: rule.groupBy, maxWindowMs: NO_LIMIT_MS }, home("own")),
    demote: 0,
  };
  const perSession = rule.groupBy.length === 1 && rule.groupBy[0] === "session";
  if (!perSession || (rule.kind !== "sequence" && rule.kind !== "trifecta")) return [own];
  const loose = trackerOf(
    rule,
    { groupBy: ["credential", "principal?"], maxWindowMs: LOOSE_WINDOW_MS },
    home("loose"),
  );
  return [own, { tracker: loose, demote: 1 }];
}

function trackerOf(rule: Rule, scope: Scope, home: TrackerHome): Tracker {
  const { correlation, tripline } = rule.definition;
  if (correlation?.type === "event_count") {
    return createTracker(eventCountEvaluator(rule, correlation, scope), scope.groupBy, home);
  }
  if (correlation?.type === "value_count") {
    return createTracker(valueCountEvaluator(rule, correlation, scope), scope.groupBy, home);
  }
  if (tripline.sequence !== undefined) {
    return createTracker(sequenceEvaluator(rule, tripline.sequence, scope), scope.groupBy, home);
  }
  if (tripline.new_value !== undefined) {
    return createTracker(newValueEvaluator(rule, tripline.new_value), scope.groupBy, home);
  }
  if (tripline.changed !== undefined) return createTracker(changedEvaluator(rule), scope.groupBy, home);
  if (tripline.trifecta !== undefined) {
    return createTracker(trifectaEvaluator(rule, tripline.trifecta, scope), scope.groupBy, home);
  }
  return createTracker(matchEvaluator(rule), scope.groupBy, home);
}
