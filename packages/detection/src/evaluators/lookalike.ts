import { SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { type Likeness, likenessOf } from "../knowledge/likeness.ts";
import { fieldReader } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { checkField, groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { plain } from "../text/plain.ts";
import { type Evaluator, isDue } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_NAMES = 1000; // of a group; the longest unseen goes, and would be new again
const MAX_NAME_CHARS = 256;
const FORGOTTEN_AFTER_MS = 90 * 86_400_000;

/** A name, when it was first and last seen. */
const stateSchema = z.object({
  since: z.number(),
  names: z.array(z.tuple([z.string(), z.number(), z.number()])),
});
type State = z.infer<typeof stateSchema>;

const specSchema = z.strictObject({
  field: z.string().describe("whose names are compared, e.g. server"),
  "group-by": groupBySchema.default(["tenant"]),
  known_after: duration.describe("a name in use for so long is known; a new one is compared with it"),
  levels: z
    .strictObject({ same_look: z.enum(SEVERITIES), one_off: z.enum(SEVERITIES) })
    .describe(
      "same_look: letters or separators that look alike; one_off: a letter more, less, other or swapped",
    ),
});
type Spec = z.infer<typeof specSchema>;

export const lookalikeKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      checkField(spec.field, [...context.path, "field"]);
      const read = fieldReader(spec.field);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: [spec.field],
        names: ["values", "known"],
        alsoLoose: false,
        readsPayload: false,
        once: (view) => ({ key: JSON.stringify(read(view)), value: "" }),
        evaluator: () => lookalikeEvaluator(context, selection, spec),
      };
    },
);

/**
 * A new name that can be taken for one in long use, or for one that the manifest approves. A name that the manifest
 * approves is never new.
 */
function lookalikeEvaluator(
  { quietMs = 0 }: RuleContext,
  selection: Selection,
  spec: Spec,
): Evaluator<State> {
  const read = fieldReader(spec.field);
  const namesOf = (view: RecordView): readonly string[] => {
    const value = read(view);
    const names = typeof value === "object" ? value : value === undefined ? [] : [String(value)];
    return names.map((name) => name.slice(0, MAX_NAME_CHARS));
  };
  return {
    state: stateSchema,
    windowMs: FORGOTTEN_AFTER_MS,
    quietMs,
    concerns: (view) => isDue(view, selection) && selection.matches(view) && read(view) !== undefined,
    fresh: (view) => ({ since: view.time, names: [] }),
    judge(state, view) {
      const known = new Map(state.names.map(([name, first, last]) => [name, { first, last }]));
      const isApproved = spec.field === "server" ? view.manifest.isApproved : () => null;
      const approved =
        spec.field === "server" ? view.manifest.approvedServers.filter((name) => !name.includes("*")) : [];
      let found: { name: string; like: string; likeness: Exclude<Likeness, null> } | null = null;
      for (const name of namesOf(view)) {
        const seen = known.get(name);
        if (seen === undefined && isApproved(name) !== true) {
          const old = [...known]
            .filter(([, { first }]) => view.time - first >= spec.known_after)
            .map(([other]) => other);
          found ??= nearest(name, [...approved, ...old]);
        }
        known.delete(name);
        known.set(name, { first: seen?.first ?? view.time, last: view.time });
      }
      state.names = [...known]
        .slice(-MAX_NAMES)
        .map(([name, { first, last }]): [string, number, number] => [name, first, last]);
      if (found === null) return null;
      const { name, like, likeness } = found;
      const shown = plain(name, 80);
      return {
        level: spec.levels[likeness],
        evidence: () => [
          evidenceOf(view, "lookalike", `${shown} is new and ${WORDS[likeness]} ${plain(like, 80)}`),
        ],
        facts: () => ({ values: shown, known: plain(like, 80) }),
        identity: `lookalike ${JSON.stringify([name, like])}`,
      };
    },
  };
}

const WORDS: Readonly<Record<Exclude<Likeness, null>, string>> = {
  same_look: "looks like",
  one_off: "is nearly written like",
};

function nearest(
  name: string,
  others: readonly string[],
): { name: string; like: string; likeness: Exclude<Likeness, null> } | null {
  let best: { name: string; like: string; likeness: Exclude<Likeness, null> } | null = null;
  for (const like of others) {
    const likeness = likenessOf(name, like);
    if (likeness === "same_look") return { name, like, likeness };
    if (likeness !== null) best ??= { name, like, likeness };
  }
  return best;
}
