import { hash } from "node:crypto";
import {
  BASELINE_PRODUCER,
  type BaselineStatement,
  baselineStatementSchema,
  type Envelope,
  payloadHash,
  type TriplineRecord,
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

/**
 * What has become usual in a state, as records: one for each rule and group. To be made from a state that has judged
 * stored history, and written into the events topic, where they take effect for all that comes behind them. Only of
 * groups with a credential, by which the record finds its partition.
 * @param timeMs ms since the epoch: when it is stated
 */
export function baselineStatements({ trackers }: StateWithPast, timeMs: number): TriplineRecord[] {
  const records: TriplineRecord[] = [];
  for (const { rule, trackers: scoped } of trackers) {
    if (rule.stage !== 1) continue;
    for (const { tracker } of scoped) {
      for (const { baseline, of } of tracker.baselines?.() ?? []) {
        if (of.actor?.credential === undefined || baseline.hours.size === 0) continue;
        records.push(statementOf({ rule: rule.id, ...savedBaseline(baseline) }, of, timeMs));
      }
    }
  }
  return records;
}

function statementOf(
  baseline: BaselineStatement,
  { tenant, actor, session, target }: Pick<Envelope, "tenant" | "actor" | "session" | "target">,
  timeMs: number,
): TriplineRecord {
  const digest = hash("sha256", JSON.stringify([baseline, tenant, actor, session, target, timeMs]), "hex");
  const payload = { salt: digest.slice(32), baseline };
  return {
    envelope: {
      v: 1,
      id: uuidFrom(digest),
      type: "statement",
      time: new Date(timeMs).toISOString(),
      tenant,
      producer: { id: BASELINE_PRODUCER, boot: uuidFrom(hash("sha256", digest, "hex")), seq: 0 },
      ...(actor === undefined ? {} : { actor }),
      ...(session === undefined ? {} : { session }),
      ...(target === undefined ? {} : { target }),
      payload_hash: payloadHash(JSON.stringify(payload)),
    },
    payload,
  };
}

function uuidFrom(digest: string): string {
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-7${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
