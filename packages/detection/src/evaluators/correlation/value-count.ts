import type { Severity } from "@tripline/events";
import { z } from "zod";
import { type FieldValue, fieldReader } from "../../record/fields.ts";
import type { RecordView } from "../../record/record-view.ts";
import { plain } from "../../text/plain.ts";
import { evidenceOf } from "../evidence.ts";
import { spanText } from "../span-text.ts";
import { type Bounds, countedUpTo, within } from "./bounds.ts";
import { type CorrelationKind, dropOld, insertByTime, windowsOf } from "./correlation-kind.ts";
import { evidenceOfShown, shownOf, shownRecord } from "./shown-records.ts";

const MAX_VALUE_CHARS = 120; // two longer values with the same beginning count as one
const MAX_VALUES_OF_RECORD = 64; // of a field with several values, or of several fields together
const MAX_SHOWN_VALUES = 10;
const MAX_OTHERS = 99; // with the completing one, what an alert may hold
const stateSchema = z.object({
  seen: z.array(shownRecord.extend({ value: z.string() })),
});

/**
 * Sigma's value_count: how many different values a field (or several fields together) had in a group within the
 * timespan that ends with a record. Each value is kept as it was last seen; of more than the condition asks for the
 * oldest are not kept.
 */
export function valueCount(
  windowMs: number,
  bounds: Bounds,
  fields: readonly string[],
  level: Severity,
): CorrelationKind<z.infer<typeof stateSchema>> {
  const readers = fields.map(fieldReader);
  const most = countedUpTo(bounds);
  return {
    state: stateSchema,
    windowMs,
    fresh: () => ({ seen: [] }),
    judge({ seen }, view) {
      const values = valuesIn(view, readers);
      if (values.length === 0) return null;
      for (const value of values) {
        const known = seen.findIndex((entry) => entry.value === value);
        if (known >= 0) {
          if ((seen[known]?.t ?? 0) >= view.time) continue;
          seen.splice(known, 1);
        }
        insertByTime(seen, { ...shownOf(view), value });
      }
      dropOld(seen, windowMs);
      if (seen.length > most) seen.splice(0, seen.length - most);
      for (const { from, to } of windowsOf(seen, view.time, windowMs)) {
        const members = seen.slice(from, to);
        if (!within(bounds, members.length)) continue;
        return {
          level,
          evidence() {
            const completing = evidenceOf(view, "value");
            const others = members.filter(({ id }) => id !== completing.record_id).slice(-MAX_OTHERS);
            return [
              ...others.map((each) => evidenceOfShown({ ...each, note: each.value }, "value")),
              completing,
            ];
          },
          facts: () => ({
            count: String(members.length),
            window: spanText(windowMs),
            values: members
              .slice(0, MAX_SHOWN_VALUES)
              .map(({ value }) => value)
              .join(", "),
          }),
        };
      }
      return null;
    },
  };
}

/** The values of the record: of one field each of them, of several fields each combination. */
function valuesIn(view: RecordView, readers: readonly ((view: RecordView) => FieldValue)[]): string[] {
  let values: string[] = [];
  for (const [index, read] of readers.entries()) {
    const own = textsOf(read(view));
    values = index === 0 ? own : values.flatMap((value) => own.map((each) => `${value}, ${each}`));
    if (values.length > MAX_VALUES_OF_RECORD) values.length = MAX_VALUES_OF_RECORD;
  }
  return values;
}

function textsOf(found: FieldValue): string[] {
  const texts = typeof found === "object" ? found : found === undefined ? [] : [String(found)];
  return texts.slice(0, MAX_VALUES_OF_RECORD).map((text) => plain(text, MAX_VALUE_CHARS));
}
