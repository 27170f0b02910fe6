import type { Severity } from "@tripline/events";
import { type Bounds, OPERATORS, within } from "../evaluators/correlation/bounds.ts";
import type { CorrelationKind } from "../evaluators/correlation/correlation-kind.ts";
import { eventCount } from "../evaluators/correlation/event-count.ts";
import { temporal } from "../evaluators/correlation/temporal.ts";
import { valueCount } from "../evaluators/correlation/value-count.ts";
import { valuePercentile } from "../evaluators/correlation/value-percentile.ts";
import { valueSum } from "../evaluators/correlation/value-sum.ts";
import type { Correlation } from "./correlation-schema.ts";
import { extendedCondition } from "./extended-condition.ts";
import { checkField } from "./field-names.ts";
import { RuleProblem } from "./rule-problem.ts";

const PATH = ["correlation", "condition"];
const MAX_EVENTS = 10_000; // that an event_count asks for; so many times are kept for a group
const MAX_VALUES = 1000; // that a value_count asks for
const MEDIAN = 50;

export interface CorrelationCondition {
  /** The rules, by name or id, in the order in which `kind` knows them. */
  readonly rules: readonly string[];
  readonly kind: CorrelationKind<unknown>;
  /** Fields whose values it looks at. */
  readonly fields: readonly string[];
  /** What summaries may name besides fields. */
  readonly names: readonly string[];
}

/** What a correlation looks for in its groups. @throws RuleProblem */
export function correlationCondition(correlation: Correlation, level: Severity): CorrelationCondition {
  const { type, timespan } = correlation;
  if (type === "temporal" || type === "temporal_ordered") return temporalCondition(correlation, level);
  const rules = rulesOf(correlation);
  if (rules === null)
    throw new RuleProblem(["correlation", "rules"], "expected the names or ids of rules, found nothing");
  const { condition } = correlation;
  if (typeof condition !== "object")
    throw new RuleProblem(
      PATH,
      `expected bounds such as \`gte: 5\`${condition === undefined ? ", found nothing" : ""}`,
    );
  const { field, percentile, ...given } = condition;
  const bounds = boundsOf(given);
  if ((percentile !== undefined) !== (type === "value_percentile"))
    throw new RuleProblem(
      [...PATH, "percentile"],
      "expected `percentile` with value_percentile, and only there",
    );
  if (type === "event_count") {
    if (field !== undefined)
      throw new RuleProblem(
        [...PATH, "field"],
        "expected no field: event_count counts records (value_count counts values)",
      );
    checkCount(bounds, MAX_EVENTS);
    return { rules, kind: eventCount(timespan, bounds, level), fields: [], names: ["count", "window"] };
  }
  const fields = fieldsOf(field, type);
  if (type === "value_count") {
    checkCount(bounds, MAX_VALUES);
    const kind = valueCount(timespan, bounds, fields, level);
    return { rules, kind, fields, names: ["count", "window", "values"] };
  }
  const [only = ""] = fields;
  const kind: CorrelationKind<unknown> =
    type === "value_sum" || type === "value_avg"
      ? valueSum(timespan, bounds, { field: only, mean: type === "value_avg" }, level)
      : valuePercentile(timespan, bounds, { field: only, percentile: percentile ?? MEDIAN }, level);
  return { rules, kind, fields, names: ["value", "count", "window"] };
}

function rulesOf({ rules }: Correlation): string[] | null {
  if (rules === undefined) return null;
  const list = typeof rules === "string" ? [rules] : rules;
  const twice = list.find((rule, index) => list.indexOf(rule) !== index);
  if (twice !== undefined)
    throw new RuleProblem(["correlation", "rules"], `expected each rule once, found \`${twice}\` twice`);
  return list;
}

function boundsOf(given: Bounds): Bounds {
  if (OPERATORS.every((operator) => given[operator] === undefined))
    throw new RuleProblem(PATH, `expected one of ${OPERATORS.join(", ")}`);
  return given;
}

/** That so little happened is only known when the time is over: no record says so. */
function checkCount(bounds: Bounds, most: number): void {
  for (const operator of OPERATORS) {
    const bound = bounds[operator];
    if (bound === undefined) continue;
    if (!Number.isInteger(bound) || bound < 0 || bound > most)
      throw new RuleProblem([...PATH, operator], `expected a whole number of at most ${most}`);
  }
  if (bounds.gt === undefined && bounds.gte === undefined && bounds.eq === undefined) {
    throw new RuleProblem(
      PATH,
      "expected `gt`, `gte` or `eq`: it is judged when a record comes, and the first one is always few (what must not stay away is a `tripline.sequence` with a missing step)",
    );
  }
  if (within(bounds, 0))
    throw new RuleProblem(PATH, "expected bounds that do not hold when nothing has happened");
}

function fieldsOf(field: string | readonly string[] | undefined, type: string): readonly string[] {
  const path = [...PATH, "field"];
  if (field === undefined)
    throw new RuleProblem(path, `expected the field whose values ${type} looks at, found nothing`);
  const fields = typeof field === "string" ? [field] : field;
  if (fields.length > 1 && type !== "value_count")
    throw new RuleProblem(path, `expected one field: only value_count looks at several`);
  for (const each of fields) checkField(each, path);
  return fields;
}

function temporalCondition(correlation: Correlation, level: Severity): CorrelationCondition {
  const { condition, timespan, type } = correlation;
  const listed = rulesOf(correlation);
  const ordered = type === "temporal_ordered";
  const names = ["count", "window"];
  if (typeof condition === "string") {
    const extended = extendedCondition(condition, listed, PATH);
    const { together } = extended;
    if (ordered && together === null)
      throw new RuleProblem(PATH, "expected only `and` and `and not` between rules that are in order");
    const rules = extended.names;
    const order = rules.flatMap((name, index) => (together?.includes(name) === true ? [index] : []));
    const holds = (occurred: readonly boolean[]): boolean =>
      extended.holds((name) => occurred[rules.indexOf(name)] === true);
    const kind = temporal(timespan, { names: rules, holds, order: ordered ? order : null }, level);
    return { rules, kind, fields: [], names: [...names, ...rules] };
  }
  if (listed === null)
    throw new RuleProblem(["correlation", "rules"], "expected the names or ids of rules, found nothing");
  if (listed.length < 2) throw new RuleProblem(["correlation", "rules"], "expected at least two rules");
  const bounds =
    condition === undefined ? { gte: listed.length } : temporalBounds(condition, listed.length, ordered);
  const holds = (occurred: readonly boolean[]): boolean => within(bounds, occurred.filter(Boolean).length);
  const order = ordered ? listed.map((_name, index) => index) : null;
  const kind = temporal(timespan, { names: listed, holds, order }, level);
  return { rules: listed, kind, fields: [], names: [...names, ...listed] };
}

function temporalBounds(
  { field, percentile, ...given }: Exclude<Correlation["condition"], string | undefined>,
  count: number,
  ordered: boolean,
): Bounds {
  if (percentile !== undefined || field !== undefined)
    throw new RuleProblem(PATH, "expected only a number of rules, without `field` and `percentile`");
  const bounds = boundsOf(given);
  checkCount(bounds, count);
  const all =
    within(bounds, count) &&
    Array.from({ length: count }, (_, few) => few).every((few) => !within(bounds, few));
  if (ordered && !all)
    throw new RuleProblem(PATH, `expected \`gte: ${count}\` or nothing: all rules must occur in order`);
  return bounds;
}
