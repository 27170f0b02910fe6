import type { Measure } from "../baseline/measure.ts";
import type { Selection } from "../rule/selection.ts";

/** The condition, judged as soon as what is measured is known. */
export function measuredSelection(
  condition: Selection,
  { fields, atEnd }: Pick<Measure, "fields" | "atEnd">,
): Selection {
  return {
    ...condition,
    fields: new Set([...condition.fields, ...fields]),
    atEnd: condition.atEnd || atEnd,
  };
}
