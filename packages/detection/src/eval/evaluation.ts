import type { Alert, Severity, TriplineRecord } from "@tripline/events";
import { createDetection, type Detection } from "../engine/detection.ts";
import type { Rule } from "../rule/rule.ts";
import { actsOf, beforeHarm, type RunForHarm } from "./before-harm.ts";
import { curveOf, type Figures, foldsOf, modeFigures, type RunFigure } from "./figures.ts";
import type { LabelledTrace } from "./labelled-trace.ts";
import { type RunOutcome, rank, runTrace } from "./run-trace.ts";
import { scoringRule } from "./scoring-rule.ts";
import type { ToolLists } from "./tool-lists.ts";
import { traceInputs } from "./trace-records.ts";

/** Marks rules that rest on how injections are worded: they find templates, so figures are given without them too. */
export const CONTENT_PATTERN_TAG = "tripline.content-pattern";

export type PatternsMode = "off" | "on";

export interface TraceEvaluationOptions {
  tools: ToolLists | null;
  /** The lowest severity that counts as an alert. */
  at: Severity;
  /** Outputs are cut to so many characters; null: whole. */
  cap: number | null;
  /** Folds of user tasks that figures are given for; 0: none. */
  folds: number;
  /** What the interceptor would have made of each record, such as fingerprints instead of text. */
  transform?: (record: TriplineRecord) => TriplineRecord;
  /** Called for each alert that counts, in the order of the runs; content patterns off. */
  onAlert?: (alert: Alert, run: { trace: LabelledTrace; call: number }) => void;
  /** Called for each run with the judge's best score and its evidence. */
  onScore?: (trace: LabelledTrace, score: number, evidence: RunOutcome["evidence"]) => void;
}

export interface TraceEvaluation {
  /** Runs one trace. What is kept of it is a few numbers. */
  add(trace: LabelledTrace): void;
  figures(): Figures;
}

/** @param rules all of them; those with the content-pattern tag are left out of one of the two sets of figures */
export function createTraceEvaluation(
  rules: readonly Rule[],
  options: TraceEvaluationOptions,
): TraceEvaluation {
  const transform = options.transform ?? ((record: TriplineRecord) => record);
  const structural = rules.filter(({ definition }) => !definition.tags.includes(CONTENT_PATTERN_TAG));
  const off = createDetection(structural);
  const on = structural.length === rules.length ? null : createDetection(rules);
  const scoring = createDetection([scoringRule()]);
  const runs: Record<PatternsMode, RunFigure[]> = { off: [], on: [] };
  const harm: Record<PatternsMode, RunForHarm[]> = { off: [], on: [] };
  let calls = 0;

  function add(trace: LabelledTrace): void {
    const inputs = traceInputs(trace, options.tools, options.cap);
    const run = (detection: Detection, onAlert?: (alert: Alert, call: number) => void): RunOutcome =>
      runTrace(detection, inputs, options.at, transform, onAlert);
    calls += trace.calls.length;
    const without = run(off, (alert, call) => {
      if (rank(alert.severity) >= rank(options.at)) options.onAlert?.(alert, { trace, call });
    });
    const scored = run(scoring);
    options.onScore?.(trace, scored.score, scored.evidence);
    const figure = (outcome: RunOutcome): RunFigure => figureOf(trace, outcome, scored.score, options.at);
    const all = on === null ? without : run(on);
    runs.off.push(figure(without));
    runs.on.push(figure(all));
    const acts = actsOf(trace);
    harm.off.push(forHarm(trace, acts, without));
    harm.on.push(forHarm(trace, acts, all));
  }

  return {
    add,
    figures: () => ({
      runs: runs.off.length,
      calls,
      at: options.at,
      patterns_off: { ...modeFigures(runs.off), before_harm: beforeHarm(harm.off) },
      patterns_on: { ...modeFigures(runs.on), before_harm: beforeHarm(harm.on) },
      judge: { curve: curveOf(runs.off), folds: options.folds > 1 ? foldsOf(runs.off, options.folds) : [] },
    }),
  };
}

function forHarm(
  { suite, label, userTask, injectionTask, exposedAt, calls }: LabelledTrace,
  acts: RunForHarm["acts"],
  { onIntent, alerts }: RunOutcome,
): RunForHarm {
  return { suite, label, userTask, injectionTask, exposedAt, acts, calls: calls.length, onIntent, alerts };
}

function figureOf(trace: LabelledTrace, outcome: RunOutcome, score: number, at: Severity): RunFigure {
  return {
    suite: trace.suite,
    label: trace.label,
    userTask: trace.userTask,
    injectionTask: trace.injectionTask,
    exposedAt: trace.exposedAt,
    calls: trace.calls.length,
    score,
    alerted: outcome.first !== null,
    first: outcome.first,
    rules: [...outcome.byRule].filter(([, level]) => rank(level) >= rank(at)).map(([rule]) => rule),
  };
}
