import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";
import type { SequenceSpec } from "../rule/rule-file.ts";
import { type Link, linkBetween } from "../text/features.ts";
import { type Evaluator, type Finding, isDue, type Scope, showsEnd } from "./evaluator.ts";
import { seconds } from "./event-count.ts";
import { evidenceOf } from "./evidence.ts";
import { type RememberedCall, rememberCall, rememberedCall, savedFeatures } from "./remembered-call.ts";

const CLOCK_TOLERANCE_MS = 5000; // two producers of one credential may disagree by so much about what came first
const stateSchema = z.object({ partials: z.array(z.array(rememberedCall)) });
type State = z.infer<typeof stateSchema>;
type Step = Rule["steps"][number];

const NO_VALUES: ReadonlySet<number> = new Set();

/**
 * Named steps in order within a time. Several beginnings are remembered for each group, so that a later harmless
 * beginning does not hide an earlier grave one. A step that continues keeps the beginning it continued from.
 * All steps but the last are judged when their call has succeeded; the last as soon as it is known, before the call runs.
 */
export function sequenceEvaluator(rule: Rule, spec: SequenceSpec, scope: Scope): Evaluator<State> {
  const windowMs = Math.min(spec.within, scope.maxWindowMs);
  const last = rule.steps.at(-1);
  const earlier = rule.steps.slice(0, -1);
  const asksOutcome = (step: Step): boolean => step.selection.fields.has("outcome");

  const endsNow = (view: RecordView): boolean =>
    last !== undefined && isDue(view, last.selection) && last.selection.matches(view);
  const isEarlier = (step: Step, view: RecordView): boolean =>
    showsEnd(view) && (view.succeeded || asksOutcome(step)) && step.selection.matches(view);

  return {
    state: stateSchema,
    save: ({ partials }) => ({
      partials: partials.map((calls) =>
        calls.map((call) => ({ ...call, features: savedFeatures(call.features) })),
      ),
    }),
    windowMs,
    quietMs: rule.definition.tripline.quiet ?? windowMs,
    concerns: (view) => endsNow(view) || earlier.some((step) => isEarlier(step, view)),
    fresh: () => ({ partials: [] }),
    judge(state, view) {
      dropOld(state, view.time - windowMs);
      const finding = endsNow(view) ? complete(state, view) : null;
      advance(state, view);
      return finding;
    },
  };

  function complete(state: State, view: RecordView): Finding | null {
    let best: { level: Severity; partial: RememberedCall[]; link: Link } | null = null;
    for (const partial of state.partials) {
      if (partial.length !== earlier.length || isBefore(view, partial)) continue;
      const link = linkOf(partial, view);
      const level = levelOf(link);
      if (level === null) continue;
      if (best === null || SEVERITIES.indexOf(level) > SEVERITIES.indexOf(best.level))
        best = { level, partial, link };
    }
    if (best === null || last === undefined) return null;
    const { partial, link } = best;
    const { name } = last;
    return {
      level: best.level,
      exposure: spec.link !== undefined && link === null,
      evidence: () => [...partial.map(({ evidence }) => evidence), evidenceOf(view, name)],
      facts: () => ({ window: seconds(windowMs), link: wordsFor(link) }),
    };
  }

  function advance(state: State, view: RecordView): void {
    for (let index = earlier.length - 1; index >= 0; index -= 1) {
      const step = earlier[index];
      if (step === undefined || !isEarlier(step, view)) continue;
      const call = rememberCall(view, step.name, spec.link?.from === step.name);
      const continued =
        index === 0
          ? [[call]]
          : state.partials
              .filter((partial) => partial.length === index && !isBefore(view, partial))
              .map((partial) => [...partial, call]);
      state.partials.push(...continued);
    }
    // The oldest goes, but one with a secret in it stays longer than one without.
    while (state.partials.length > spec.max_partials) {
      const plainOne = state.partials.findIndex((partial) =>
        partial.every(({ features }) => features.secrets.length === 0),
      );
      state.partials.splice(Math.max(plainOne, 0), 1);
    }
  }

  function linkOf(partial: readonly RememberedCall[], view: RecordView): Link {
    const source = partial[earlier.findIndex(({ name }) => name === spec.link?.from)];
    return source === undefined ? null : linkBetween(source.features, view.argFeatures, NO_VALUES);
  }

  function levelOf(link: Link): Severity | null {
    if (spec.link === undefined) return rule.definition.level;
    if (link === null) return spec.link.none ?? null;
    return link === "secret" ? spec.link.secret : spec.link.value;
  }
}

function dropOld(state: State, oldest: number): void {
  if (state.partials.some((partial) => (partial[0]?.t ?? 0) < oldest)) {
    state.partials = state.partials.filter((partial) => (partial[0]?.t ?? 0) >= oldest);
  }
}

function isBefore(view: RecordView, partial: readonly RememberedCall[]): boolean {
  return view.time < (partial.at(-1)?.t ?? 0) - CLOCK_TOLERANCE_MS;
}

export function wordsFor(link: Link): string {
  if (link === "secret") return "the secret that was read is in what was sent";
  return link === "value" ? "a value that was read is in what was sent" : "no value links the two";
}
