import { type Score, SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import { EVIDENCE_WORDS } from "../judge/evidence-words.ts";
import { scannedFingerprint } from "../judge/fingerprints.ts";
import { judgeCall } from "../judge/judge.ts";
import { judgedCallOf, valuesOfView } from "../judge/judged-call.ts";
import { masked } from "../judge/masked.ts";
import type { Verdict } from "../judge/points.ts";
import {
  endedCall,
  freshSession,
  learnArguments,
  learnOutput,
  noteSource,
  type ScannedOutput,
  type Session,
  scanOutput,
} from "../judge/session.ts";
import { savedSessionOf, sessionState } from "../judge/session-codec.ts";
import type { RecordView } from "../record/record-view.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { type Evaluator, type Finding, isDue, type Scope, showsBegin, showsEnd } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const points = z.number().positive().max(100);
const specSchema = z.strictObject({
  within: duration.describe("a session that saw nothing for so long is forgotten"),
  "group-by": groupBySchema.default(["session"]),
  grades: z
    .strictObject({
      informational: points.optional(),
      low: points.optional(),
      medium: points.optional(),
      high: points.optional(),
      critical: points.optional(),
    })
    .describe("the score from which on an act has this severity; below all: no alert"),
});
type Spec = z.infer<typeof specSchema>;

export const judgeKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: [],
        names: ["values", "score", "source", "act"],
        alsoLoose: true,
        readsPayload: true,
        concerns: (view) => showsBegin(view) || showsEnd(view),
        evaluator: (scope) => judgeEvaluator(context, selection, spec, scope),
      };
    },
);

/**
 * Dictated actions: an act whose target the session knows only from one piece of free text that an earlier output brought
 * in. What counts and how much is in `judge/points.ts`. The condition says which calls are judged; all calls are learned from.
 */
function judgeEvaluator(
  { quietMs }: RuleContext,
  selection: Selection,
  spec: Spec,
  scope: Scope,
): Evaluator<Session> {
  const windowMs = Math.min(spec.within, scope.maxWindowMs);
  const grades = SEVERITIES.flatMap((level) => {
    const from = spec.grades[level];
    return from === undefined ? [] : [{ level, from }];
  }).toReversed();
  const gradeOf = (total: number): Severity | null => grades.find(({ from }) => total >= from)?.level ?? null;

  return {
    state: sessionState,
    save: savedSessionOf,
    windowMs,
    quietMs: quietMs ?? windowMs,
    concerns: (view) => !view.isClosing && (showsBegin(view) || showsEnd(view)),
    fresh: freshSession,
    judge(session, view) {
      const finding = showsBegin(view) ? begin(session, view) : null;
      if (showsEnd(view)) end(session, view);
      return finding;
    },
  };

  function begin(session: Session, view: RecordView): Finding | null {
    const values = valuesOfView(view);
    const verdict =
      isDue(view, selection) && selection.matches(view)
        ? judgeCall(session, judgedCallOf(view, values), view.profile.acts)
        : null;
    const finding = verdict === null ? null : findingOf(session, verdict, view);
    learnArguments(session, values, view.record.envelope.call?.id ?? null);
    return finding;
  }

  function findingOf(session: Session, verdict: Verdict, view: RecordView): Finding | null {
    const level = gradeOf(verdict.total);
    if (level === null) return null;
    const source = session.sources.get(verdict.source);
    return {
      level,
      score: { total: verdict.total, contributions: contributionsOf(session, verdict) },
      evidence: () => [
        ...(source === undefined ? [] : [{ ...source, step: "source" }]),
        evidenceOf(view, "act"),
      ],
      facts: () => ({
        values: verdict.values.map(masked).slice(0, MAX_TOLD_VALUES).join(", "),
        score: String(verdict.total),
        source: source?.note ?? "an earlier call",
      }),
    };
  }
}

const MAX_TOLD_VALUES = 4;

/** The judge's evidence, and whether something that might have spoken for or against it was dropped for lack of room. */
function contributionsOf({ texts, said }: Session, { contributions }: Verdict): Score["contributions"] {
  const dropped = texts.dropped + said.dropped;
  const forgotten = {
    name: "forgotten",
    points: 0,
    note: `${dropped} words that the session had seen before`,
  };
  const weighed = contributions.map((each) => ({ ...each, note: EVIDENCE_WORDS[each.name] }));
  return [...weighed, ...(dropped > 0 ? [forgotten] : [])];
}

function end(session: Session, view: RecordView): void {
  const call = endedCall(session, view.record.envelope.call?.id ?? null);
  const scanned = scannedOutputOf(view);
  if (scanned === null) return;
  const tool = view.record.envelope.target?.tool ?? "";
  learnOutput(session, scanned, { call, tool, failed: !view.succeeded });
  if (scanned.prose) noteSource(session, call, evidenceOf(view, "source"));
}

/** One record is judged in several groups: what it says is taken apart once. */
const scannedOutputs = new WeakMap<RecordView, ScannedOutput | null>();

function scannedOutputOf(view: RecordView): ScannedOutput | null {
  const known = scannedOutputs.get(view);
  if (known !== undefined) return known;
  const output = view.succeeded ? view.result : (view.record.payload?.error ?? view.result);
  const fingerprint = view.record.payload?.fingerprints?.result;
  const scanned =
    output !== "" ? scanOutput(output) : fingerprint !== undefined ? scannedFingerprint(fingerprint) : null;
  scannedOutputs.set(view, scanned);
  return scanned;
}
