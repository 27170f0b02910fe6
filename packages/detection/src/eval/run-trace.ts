import { type Alert, SEVERITIES, type Severity, type TriplineRecord } from "@tripline/events";
import type { Detection, DetectionInput } from "../engine/detection.ts";
import type { TraceInput } from "./trace-records.ts";

/** The first alert of a run that counts. */
export interface FirstAlert {
  call: number;
  /** Raised by the call's intent: before it ran. */
  beforeCall: boolean;
  rule: string;
}

/** What one set of rules made of one run. */
export interface RunOutcome {
  /** Null when nothing of at least the wanted severity was raised. */
  first: FirstAlert | null;
  /** The gravest severity of each rule that said anything. */
  byRule: Map<string, Severity>;
  /** The highest judge score of any alert; 0 for none. */
  score: number;
  /** The judge's evidence at that score. */
  evidence: { name: string; points: number }[];
  /** The gravest finding on each call's intent, told or not, by the call. */
  onIntent: Map<number, Severity>;
  /** Every alert, by the call of the record that raised it. */
  alerts: { call: number; beforeCall: boolean; severity: Severity }[];
}

/** Runs one trace from an empty state, so that no run knows of another. */
export function runTrace(
  detection: Detection,
  inputs: readonly TraceInput[],
  at: Severity,
  transform: (record: TriplineRecord) => TriplineRecord,
  onAlert: (alert: Alert, call: number) => void = () => undefined,
): RunOutcome {
  const state = detection.initialState();
  const outcome: RunOutcome = {
    first: null,
    byRule: new Map(),
    score: 0,
    evidence: [],
    onIntent: new Map(),
    alerts: [],
  };
  for (const { input, call } of inputs) {
    const seen: DetectionInput = { ...input, record: transform(input.record) };
    const { alerts, gravest } = detection.step(state, seen);
    const beforeCall = seen.record.envelope.type === "call.intent";
    if (gravest !== null && beforeCall) outcome.onIntent.set(call, gravest.severity);
    for (const alert of alerts) {
      outcome.alerts.push({ call, beforeCall, severity: alert.severity });
      note(outcome, alert, seen, call, at);
      onAlert(alert, call);
    }
  }
  return outcome;
}

function note(outcome: RunOutcome, alert: Alert, input: DetectionInput, call: number, at: Severity): void {
  const known = outcome.byRule.get(alert.rule.id);
  if (known === undefined || rank(alert.severity) > rank(known))
    outcome.byRule.set(alert.rule.id, alert.severity);
  if (alert.score !== undefined && alert.score.total > outcome.score) {
    outcome.score = alert.score.total;
    outcome.evidence = alert.score.contributions;
  }
  if (outcome.first !== null || rank(alert.severity) < rank(at)) return;
  outcome.first = {
    call,
    beforeCall: input.record.envelope.type === "call.intent",
    rule: alert.rule.id,
  };
}

export function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
