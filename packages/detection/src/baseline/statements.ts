import {
  BASELINE_PRODUCER,
  type BaselineGroup,
  type BaselineStatement,
  baselineGroupSchema,
  baselineStatementSchema,
} from "@tripline/events";
import type { RuleTrackers } from "../engine/trackers.ts";
import type { RecordView } from "../record/record-view.ts";
import { restoredBaseline, savedBaseline } from "./baseline.ts";

/** What of a detection's state statements are about. */
export interface StateWithPast {
  readonly trackers: readonly RuleTrackers[];
}

/**
 * Takes up what a statement says has been usual of the group that its envelope names. Only Tripline's own count: the
 * collector lets nobody else speak under that name. What is no such statement, or about a rule that is not here, is
 * passed over.
 */
export function takeUpStatement({ trackers }: StateWithPast, view: RecordView): void {
  const { envelope, payload } = view.record;
  if (envelope.producer.id !== BASELINE_PRODUCER) return;
  const parsed = baselineStatementSchema.safeParse(payload?.baseline);
  if (!parsed.success) return;
  for (const { rule, trackers: scoped } of trackers) {
    if (rule.id !== parsed.data.rule) continue;
    for (const { tracker } of scoped) tracker.takeUp?.(view, restoredBaseline(parsed.data));
  }
}

/** What has become usual of one group, as one rule measures it. */
export interface StatedBaseline {
  baseline: BaselineStatement;
  of: BaselineGroup;
}

/**
 * What has become usual in a state that has judged stored history, for `baselineRecord`. Only of rules of the first stage
 * and of groups with a credential, by which the record finds its partition.
 */
export function baselinesIn({ trackers }: StateWithPast): StatedBaseline[] {
  const stated: StatedBaseline[] = [];
  for (const { rule, trackers: scoped } of trackers) {
    if (rule.stage !== 1) continue;
    for (const { tracker } of scoped) {
      for (const { baseline, of } of tracker.baselines?.() ?? []) {
        const group = baselineGroupSchema.safeParse(of);
        if (!group.success || baseline.hours.size === 0) continue;
        stated.push({ baseline: { rule: rule.id, ...savedBaseline(baseline) }, of: group.data });
      }
    }
  }
  return stated;
}
