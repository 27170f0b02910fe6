import { z } from "zod";
import { fieldText } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { checkField } from "../rule/field-names.ts";
import { RuleProblem } from "../rule/rule-problem.ts";
import { fnv1a } from "../text/hashing.ts";

/** What a rule says of the fields of two steps. */
export const whereSchema = z.strictObject({
  field: z.string(),
  of: z.tuple([z.string(), z.string()]).describe("two steps, in order"),
  is: z.enum(["same", "different"]),
});
export type WhereSpec = z.infer<typeof whereSchema>;

interface Comparison {
  /** Position among the compared fields. */
  readonly field: number;
  readonly earlier: number;
  readonly later: number;
  readonly same: boolean;
}

/** A step's compared fields: a hash of each, null where the record has none (or several). */
export type Compared = readonly (number | null)[];

export interface Where {
  compared(view: RecordView): (number | null)[];
  /** Whether a call may be step `position`, after these. A field that a record does not have is neither same nor different. */
  holds(before: readonly { readonly compared: Compared }[], position: number, now: Compared): boolean;
}

/** @param names of the steps that happen, in order @throws RuleProblem */
export function compileWhere(
  specs: readonly WhereSpec[],
  names: readonly string[],
  path: readonly PropertyKey[],
): Where {
  const fields = [...new Set(specs.map(({ field }) => field))];
  const comparisons = specs.map(({ field, of, is }, index): Comparison => {
    checkField(field, [...path, index, "field"]);
    const [earlier = -1, later = -1] = of.map((name) => names.indexOf(name));
    if (earlier < 0 || later <= earlier)
      throw new RuleProblem([...path, index, "of"], "expected the names of two steps that happen, in order");
    return { field: fields.indexOf(field), earlier, later, same: is === "same" };
  });
  return {
    compared: (view) =>
      fields.map((field) => {
        const text = fieldText(view, field);
        return text === undefined ? null : fnv1a(text);
      }),
    holds: (before, position, now) =>
      comparisons.every(({ field, earlier, later, same }) => {
        if (later !== position) return true;
        const first = before[earlier]?.compared[field] ?? null;
        const second = now[field] ?? null;
        return first !== null && second !== null && (first === second) === same;
      }),
  };
}
