import { SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { allOf, anyOf, compileCondition } from "../rule/condition.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { RuleProblem } from "../rule/rule-problem.ts";
import type { Selection } from "../rule/selection.ts";
import { follows } from "../rule/selection-logic.ts";
import type { Link } from "../text/features.ts";
import { compileFlow, type FlowSpec, flowSchema } from "./flow.ts";
import { type Sequence, sequenceEvaluator } from "./sequence-evaluator.ts";
import { compileWhere, whereSchema } from "./sequence-where.ts";

const level = z.enum(SEVERITIES);
const condition = z.string().min(1).max(4000);
const stepSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, { error: "expected a lower-case name such as `read`" }),
  match: condition.describe("a condition over the detection's selections"),
  missing: z
    .boolean()
    .default(false)
    .describe(
      "true: it must not have happened between its neighbours; as the last step: in the time that follows",
    ),
  within: duration.optional().describe("since the step before; default: the whole sequence's"),
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
  until: condition.optional().describe("a condition that ends what has begun"),
  where: z.array(whereSchema).max(8).default([]),
  link: linkSchema.optional().describe("one flow, where a value and a passage count alike"),
  flow: z.array(flowSchema).min(1).max(4).optional(),
});
type Spec = z.infer<typeof specSchema>;

export const sequenceKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const sequence = compileSequence(spec, context);
      const { steps, guards, last, until } = sequence;
      const selections = [...steps, ...guards.flat(), ...(last === null ? [] : [last])];
      return {
        selection: anyOf([
          ...selections.map(({ selection }) => selection),
          ...(until === null ? [] : [until]),
        ]),
        groupBy: spec["group-by"],
        fields: spec.where.map(({ field }) => field),
        names: ["window", "link", ...steps.map(({ name }) => name)],
        // What did not happen in a session may have happened in the caller's next one: one group has to say it.
        alsoLoose: last === null,
        readsPayload: true,
        evaluator: (scope) => sequenceEvaluator(context, sequence, scope),
      };
    },
);

function compileSequence(spec: Spec, { condition, selections, path }: RuleContext): Sequence {
  // Sigma wants a condition of every rule: what does not meet it is no step.
  const compiled = (match: string, at: readonly PropertyKey[]): Selection => {
    const named = selections.get(match.trim());
    const selection = named ?? compileCondition(match, selections, [...path, ...at]);
    // One that follows anyway would only make the step wait for the call's end, if another step needs that.
    return condition === null || follows(condition, selection) ? selection : allOf([condition, selection]);
  };
  const steps: Sequence["steps"][number][] = [];
  let guards: Sequence["guards"][number][] = [[]];
  for (const [index, { name, match, missing, within }] of spec.steps.entries()) {
    const step = { name, selection: compiled(match, ["steps", index, "match"]), withinMs: within ?? null };
    if (!missing) {
      steps.push(step);
      guards = [...guards, []];
      continue;
    }
    if (index === 0)
      throw new RuleProblem([...path, "steps", 0, "missing"], "expected a first step that happens");
    guards[guards.length - 1] = [...(guards.at(-1) ?? []), step];
  }
  const [last = null, ...more] = guards.at(-1) ?? [];
  if (more.length > 0)
    throw new RuleProblem([...path, "steps"], "expected at most one missing step at the end");
  if (last !== null && !spec["group-by"].some((field) => field === "session" || field === "credential"))
    throw new RuleProblem(
      [...path, "group-by"],
      "expected session or credential: elsewhere nobody knows when the time is over",
    );
  const names = steps.map(({ name }) => name);
  if (new Set(spec.steps.map(({ name }) => name)).size < spec.steps.length)
    throw new RuleProblem([...path, "steps"], "expected a name of its own for each step");
  if (steps.length === 1 && last === null)
    throw new RuleProblem([...path, "steps"], "expected two steps, one of them may be missing");
  const flows = flowsOf(spec, path).map(({ flow, at }) => compileFlow(flow, names, at));
  return {
    steps,
    guards: guards.slice(0, -1),
    last,
    flows,
    where: compileWhere(spec.where, names, [...path, "where"]),
    until: spec.until === undefined ? null : compiled(spec.until, ["until"]),
    withinMs: spec.within,
    maxPartials: spec.max_partials,
  };
}

function flowsOf(
  { link, flow }: Spec,
  path: readonly PropertyKey[],
): { flow: FlowSpec; at: readonly PropertyKey[] }[] {
  if (link !== undefined && flow !== undefined)
    throw new RuleProblem([...path, "flow"], "expected either `flow` or `link`");
  if (link !== undefined) return [{ flow: { ...link, text: link.value }, at: [...path, "link"] }];
  return (flow ?? []).map((each, index) => ({ flow: each, at: [...path, "flow", index] }));
}

export function wordsFor(link: Link): string {
  if (link === "secret") return "the secret that was read is in what was sent";
  return link === "value" ? "a value that was read is in what was sent" : "no value links the two";
}
