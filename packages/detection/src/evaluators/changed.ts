import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { plain } from "../text/plain.ts";
import type { Evaluator } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_TOOLS = 2000; // followed in each group; the longest unseen goes
const MAX_SHOWN = 10;
const SHOWN_HASH_CHARS = 12;
const FORGOTTEN_AFTER_MS = 90 * 86_400_000;
const stateSchema = z.object({
  tools: z.array(z.tuple([z.string(), z.object({ hash: z.string(), changes: z.number() })])),
});

interface Last {
  hash: string;
  changes: number;
}
interface State {
  tools: [string, Last][];
}

const specSchema = z.strictObject({
  "group-by": groupBySchema
    .default(["server"])
    .describe("the definition of each tool is followed in each group"),
});

export const changedKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: [],
        names: ["count", "values"],
        alsoLoose: false,
        readsPayload: false,
        concerns: (view) => concerns(view, selection),
        once(view) {
          const definitions = definitionsIn(view);
          return {
            key: definitions.map(([tool]) => tool).join("\n"),
            value: definitions.map(([, hash]) => hash).join("\n"),
          };
        },
        evaluator: () => changedEvaluator(context, selection),
      };
    },
);

function concerns(view: RecordView, selection: Selection): boolean {
  return view.phase !== "end" && definitionsIn(view).length > 0 && selection.matches(view);
}

/** A tool whose definition is not the one last seen in its group. Learns from listings and from calls that name a definition. */
function changedEvaluator({ level, quietMs = 0 }: RuleContext, selection: Selection): Evaluator<State> {
  return {
    state: stateSchema,
    windowMs: FORGOTTEN_AFTER_MS,
    quietMs,
    concerns: (view) => concerns(view, selection),
    fresh: () => ({ tools: [] }),
    judge(state, view) {
      const known = new Map(state.tools);
      const changes: { tool: string; from: string; to: string; nth: number }[] = [];
      for (const [tool, hash] of definitionsIn(view)) {
        const last = known.get(tool);
        if (last?.hash === hash) continue;
        if (last !== undefined) changes.push({ tool, from: last.hash, to: hash, nth: last.changes + 1 });
        known.delete(tool);
        known.set(tool, { hash, changes: last === undefined ? 0 : last.changes + 1 });
      }
      state.tools = [...known].slice(-MAX_TOOLS);
      if (changes.length === 0) return null;
      const shown = changes.slice(0, MAX_SHOWN);
      return {
        level,
        evidence: () =>
          shown.map(({ tool, from, to }) =>
            evidenceOf(view, "changed", `${plain(tool, 80)}: definition ${short(from)} became ${short(to)}`),
          ),
        facts: () => ({
          values: shown.map(({ tool }) => plain(tool, 80)).join(", "),
          count: String(changes.length),
        }),
        identity: `changed ${JSON.stringify(changes)}`,
      };
    },
  };
}

/** Pairs of tool and definition hash that a record speaks of. */
export function definitionsIn(view: RecordView): (readonly [string, string])[] {
  const { listing, target } = view.record.envelope;
  if (listing !== undefined) return listing.tools.map(({ name, definition }) => [name, definition] as const);
  return target?.tool !== undefined && target.definition !== undefined
    ? [[target.tool, target.definition]]
    : [];
}

function short(hash: string): string {
  return hash.slice(0, SHOWN_HASH_CHARS);
}
