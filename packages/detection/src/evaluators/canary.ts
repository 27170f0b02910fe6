import { z } from "zod";
import { fieldText } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { checkField, groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { plain } from "../text/plain.ts";
import { type Evaluator, showsEnd } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_FOUND = 16; // canaries of one result
const MAX_SCAN_CHARS = 512 * 1024; // a record's most
const OWNER = /^[a-z0-9][a-z0-9_-]{0,63}/i;
const MAX_SHOWN = 5;
const DEFAULT_QUIET_MS = 3_600_000;

const specSchema = z.strictObject({
  prefix: z
    .string()
    .min(8)
    .max(64)
    .describe("what all canaries begin with; behind it stands their owner: letters, digits, `-` and `_`"),
  owner: z.string().describe("field that says whose result it should be, such as tenant or team"),
  "group-by": groupBySchema.default(["credential"]),
});
type Spec = z.infer<typeof specSchema>;
const stateSchema = z.null();

export const canaryKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      checkField(spec.owner, [...context.path, "owner"]);
      return {
        selection: { ...selection, fields: new Set([...selection.fields, "result"]), atEnd: true },
        groupBy: spec["group-by"],
        fields: [spec.owner, "result"],
        names: ["values", "owner"],
        alsoLoose: false,
        readsPayload: true,
        concerns: (view) => concerns(view, selection, spec),
        evaluator: () => canaryEvaluator(context, selection, spec),
      };
    },
);

function concerns(view: RecordView, selection: Selection, { prefix }: Spec): boolean {
  return showsEnd(view) && !view.isClosing && view.result.includes(prefix) && selection.matches(view);
}

/**
 * A marker that an operator has put into each owner's data turns up in the result of a call for another owner. It is
 * plain text, so it is recognised across tenants, whose redaction keys differ.
 */
function canaryEvaluator(
  { level, quietMs = DEFAULT_QUIET_MS }: RuleContext,
  selection: Selection,
  spec: Spec,
): Evaluator<null> {
  return {
    state: stateSchema,
    windowMs: quietMs,
    quietMs,
    concerns: (view) => concerns(view, selection, spec),
    fresh: () => null,
    isEmpty: () => true,
    judge(_state, view) {
      const owner = fieldText(view, spec.owner)?.toLowerCase();
      const strangers = ownersIn(view.result, spec.prefix).filter((each) => each !== owner);
      if (owner === undefined || strangers.length === 0) return null;
      const shown = strangers
        .slice(0, MAX_SHOWN)
        .map((each) => plain(each, 64))
        .join(", ");
      return {
        level,
        evidence: () => [
          evidenceOf(view, "canary", `the result, for ${plain(owner, 64)}, holds a canary of ${shown}`),
        ],
        facts: () => ({ values: shown, owner: plain(owner, 64) }),
      };
    },
  };
}

/** Whose canaries a text holds, in lower case, each once. */
function ownersIn(text: string, prefix: string): string[] {
  const owners = new Set<string>();
  const scanned = text.length > MAX_SCAN_CHARS ? text.slice(0, MAX_SCAN_CHARS) : text;
  for (let at = scanned.indexOf(prefix); at >= 0; at = scanned.indexOf(prefix, at + prefix.length)) {
    const from = at + prefix.length;
    const owner = OWNER.exec(scanned.slice(from, from + 64))?.[0];
    if (owner !== undefined) owners.add(owner.toLowerCase());
    if (owners.size >= MAX_FOUND) break;
  }
  return [...owners];
}
