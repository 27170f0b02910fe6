import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import { allOf, anyOf, compileCondition } from "../rule/condition.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { RuleProblem } from "../rule/rule-problem.ts";
import type { Selection } from "../rule/selection.ts";
import { type Link, linkBetween } from "../text/features.ts";
import { type Evaluator, type Finding, isDue, type Scope, showsEnd } from "./evaluator.ts";
import { seconds } from "./event-count.ts";
import { evidenceOf } from "./evidence.ts";
import { type RememberedCall, rememberCall, rememberedCall, savedFeatures } from "./remembered-call.ts";

const CLOCK_TOLERANCE_MS = 5000; // two producers of one credential may disagree by so much about what came first
const stateSchema = z.object({ partials: z.array(z.array(rememberedCall)) });
type State = z.infer<typeof stateSchema>;

const level = z.enum(SEVERITIES);
const stepSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, { error: "expected a lower-case name such as `read`" }),
  match: z.string().min(1).max(4000).describe("a condition over the detection's selections"),
});
const linkSchema = z.strictObject({
  from: z.string().describe("step whose result the value comes from"),
  to: z.string().describe("step whose arguments it reaches"),
  none: level.optional().describe("severity without a link; left out: no alert"),
  value: level.describe("severity when a distinctive value or a copied passage links them"),
  secret: level.describe("severity when the same redacted secret links them"),
});
const specSchema = z.strictObject({
  steps: z.array(stepSchema).min(2).max(8),
  within: duration,
  "group-by": groupBySchema.default(["session"]),
  max_partials: z.int().min(1).max(64).default(16).describe("beginnings remembered for each group"),
  link: linkSchema.optional(),
});
type Spec = z.infer<typeof specSchema>;

interface Step {
  readonly name: string;
  readonly selection: Selection;
}

export const sequenceKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const { condition, selections, path } = context;
      // Sigma wants a condition of every rule: what does not meet it is no step.
      const narrowed = (step: Selection): Selection => (condition === null ? step : allOf([condition, step]));
      checkLink(spec, path);
      const steps = spec.steps.map(({ name, match }, index) => ({
        name,
        selection: narrowed(compileCondition(match, selections, [...path, "steps", index, "match"])),
      }));
      return {
        selection: anyOf(steps.map(({ selection }) => selection)),
        groupBy: spec["group-by"],
        fields: [],
        names: ["window", "link", ...steps.map(({ name }) => name)],
        alsoLoose: true,
        readsPayload: true,
        evaluator: (scope) => sequenceEvaluator(context, steps, spec, scope),
      };
    },
);

function checkLink({ steps, link }: Spec, path: readonly PropertyKey[]): void {
  if (link === undefined) return;
  const names = steps.map(({ name }) => name);
  const last = names.at(-1);
  if (!names.includes(link.from) || link.from === last)
    throw new RuleProblem([...path, "link", "from"], "expected the name of a step before the last");
  if (link.to !== last) throw new RuleProblem([...path, "link", "to"], "expected the name of the last step");
}

const NO_VALUES: ReadonlySet<number> = new Set();

/**
 * Named steps in order within a time. Several beginnings are remembered for each group, so that a later harmless
 * beginning does not hide an earlier grave one. A step that continues keeps the beginning it continued from.
 * All steps but the last are judged when their call has succeeded; the last as soon as it is known, before the call runs.
 */
function sequenceEvaluator(
  context: RuleContext,
  steps: readonly Step[],
  spec: Spec,
  scope: Scope,
): Evaluator<State> {
  const windowMs = Math.min(spec.within, scope.maxWindowMs);
  const last = steps.at(-1);
  const earlier = steps.slice(0, -1);
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
    quietMs: context.quietMs ?? windowMs,
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
    if (spec.link === undefined) return context.level;
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
