import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { plain } from "../text/plain.ts";
import { type Evaluator, showsBegin } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_TOOLS = 1000; // of one listing, as in the record
const MAX_NAME_CHARS = 256; // a longer name counts by its beginning
const MAX_SHOWN = 10;
const FORGOTTEN_AFTER_MS = 90 * 86_400_000;
const STEPS = 32; // when a tool was used is kept to a thirty-second of the time asked for: not each call changes state

const specSchema = z.strictObject({
  for: duration.describe("listed for so long, and not used in it"),
  min_count: z.int().min(1).max(MAX_TOOLS).default(1).describe("so many tools unused are found"),
  "group-by": groupBySchema.default(["credential", "server"]),
});
type Spec = z.infer<typeof specSchema>;

/** Of each tool listed: when it was first listed or last used, ms since the epoch. */
const stateSchema = z
  .object({ tools: z.array(z.tuple([z.string(), z.number()])) })
  .transform(({ tools }): State => ({ tools: new Map(tools) }));
interface State {
  tools: Map<string, number>;
}

export const unusedKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: ["tool"],
        names: ["count", "values", "listed"],
        alsoLoose: false,
        readsPayload: false,
        concerns: (view) => concerns(view, selection),
        evaluator: () => unusedEvaluator(context, selection, spec),
      };
    },
);

function concerns(view: RecordView, selection: Selection): boolean {
  return (view.phase === "other" || showsBegin(view)) && selection.matches(view);
}

/**
 * Tools that a group is offered and does not use: what nobody would miss, and an attacker could use. Found when a server
 * lists its tools, once in the time asked for.
 */
function unusedEvaluator(
  { level, quietMs }: RuleContext,
  selection: Selection,
  spec: Spec,
): Evaluator<State> {
  const stepMs = Math.max(1, Math.floor(spec.for / STEPS));
  return {
    state: stateSchema,
    save: ({ tools }) => ({ tools: [...tools] }),
    sharesRow: true,
    windowMs: FORGOTTEN_AFTER_MS,
    quietMs: quietMs ?? spec.for,
    concerns: (view) => concerns(view, selection),
    fresh: () => ({ tools: new Map() }),
    judge(state, view) {
      const { listing, target } = view.record.envelope;
      if (listing === undefined) {
        const name = target?.tool?.slice(0, MAX_NAME_CHARS);
        const used = name === undefined ? undefined : state.tools.get(name);
        if (name !== undefined && used !== undefined && view.time - used >= stepMs)
          state.tools.set(name, view.time);
        return null;
      }
      const listed = listing.tools.slice(0, MAX_TOOLS).map(({ name }) => name.slice(0, MAX_NAME_CHARS));
      const known = listed.map((name): [string, number] => [name, state.tools.get(name) ?? view.time]);
      // One page of several shows only a part: what is not on it may be on the next.
      state.tools = new Map([...(listing.complete ? [] : state.tools), ...known].slice(-MAX_TOOLS));
      const unused = known.filter(([, since]) => view.time - since >= spec.for).map(([name]) => name);
      if (unused.length < spec.min_count) return null;
      const shown = unused.slice(0, MAX_SHOWN).map((name) => plain(name, 80));
      const more = unused.length - shown.length;
      return {
        level,
        evidence: () => [
          evidenceOf(view, "unused", `${unused.length} of ${listed.length} tools listed were not used`),
        ],
        facts: () => ({
          count: String(unused.length),
          listed: String(listed.length),
          values: `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
        }),
      };
    },
  };
}
