import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import { MEASURES, type SumMeasure } from "../baseline/measure.ts";
import type { RecordView } from "../record/record-view.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { utcOffset } from "../rule/utc-offset.ts";
import { type Evaluator, type Finding, isDue } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";
import { measuredSelection } from "./measured-selection.ts";
import { spanText } from "./span-text.ts";

const SLICES = 60; // of a rolling period: what is summed moves on by a sixtieth of it
const HOUR_MS = 3_600_000;
const CALENDAR = { hour: HOUR_MS, day: 24 * HOUR_MS } as const;
const SUMS = ["calls", "cost_usd", "args_bytes", "result_bytes", "errors", "rejections"] as const;

const share = z.string().transform((text, context) => {
  const match = /^(\d{1,2})%$/.exec(text);
  if (match !== null && Number(match[1]) > 0) return Number(match[1]) / 100;
  context.addIssue({ code: "custom", message: "expected a share such as 80%" });
  return z.NEVER;
});

const specSchema = z.strictObject({
  of: z.enum(SUMS).describe("what the calls of a group use up"),
  limit: z.number().positive().describe("so much may be used in a period: more is found"),
  period: z
    .union([z.enum(["hour", "day"]), duration])
    .describe("hour or day: of the clock; a time span: the last so-long, whenever it is"),
  "group-by": groupBySchema,
  warn_at: share.optional().describe("share of the limit that is found already, with `warn_level`"),
  warn_level: z.enum(SEVERITIES).default("informational"),
  utc_offset: utcOffset.default(0).describe("of hour and day, such as +02:00; default +00:00"),
});
type Spec = z.infer<typeof specSchema>;

const stateSchema = z.object({
  /** Start of each slice (ms since the epoch) and what was used in it, in order. */
  slices: z.array(z.tuple([z.number(), z.number()])),
  /** 0: nothing was found, 1: the warning, 2: the limit. */
  told: z.union([z.literal(0), z.literal(1), z.literal(2)]),
});
type State = z.infer<typeof stateSchema>;

export const budgetKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const measure: SumMeasure = MEASURES[spec.of];
      const selection = measuredSelection(requiredCondition(context), measure);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: [],
        names: ["used", "limit", "share", "of", "period"],
        alsoLoose: false,
        readsPayload: false,
        evaluator: () => budgetEvaluator(context, selection, measure, spec),
      };
    },
);

/** What a group uses up in a period. Found once when it passes the warning's share, and once when it passes the limit. */
function budgetEvaluator(
  { level, quietMs = 0 }: RuleContext,
  selection: Selection,
  measure: SumMeasure,
  spec: Spec,
): Evaluator<State> {
  const calendar = typeof spec.period === "string";
  const periodMs = typeof spec.period === "string" ? CALENDAR[spec.period] : spec.period;
  const sliceMs = calendar ? periodMs : Math.max(1, Math.floor(periodMs / SLICES));
  const warnAt = spec.limit * (spec.warn_at ?? 1);
  const sliceOf = (time: number): number =>
    Math.floor((time + spec.utc_offset) / sliceMs) * sliceMs - spec.utc_offset;

  return {
    state: stateSchema,
    sharesRow: true,
    windowMs: periodMs,
    quietMs,
    concerns: (view) => isDue(view, selection) && measure.amount(view) > 0 && selection.matches(view),
    fresh: () => ({ slices: [], told: 0 }),
    judge(state, view) {
      const used = use(state, view);
      const before = used - measure.amount(view);
      if (before <= warnAt) state.told = 0;
      else if (before <= spec.limit && state.told === 2) state.told = 1;
      const reached = used > spec.limit ? 2 : spec.warn_at !== undefined && used > warnAt ? 1 : 0;
      if (reached <= state.told) return null;
      state.told = reached;
      return findingOf(used, reached === 2 ? level : spec.warn_level, view);
    },
  };

  /** @returns what the group has used in the period of its latest call */
  function use({ slices }: State, view: RecordView): number {
    const start = sliceOf(view.time);
    let at = slices.length;
    while (at > 0 && (slices[at - 1]?.[0] ?? 0) > start) at -= 1;
    const slice = slices[at - 1];
    if (slice?.[0] === start) slice[1] += measure.amount(view);
    else slices.splice(at, 0, [start, measure.amount(view)]);
    const newest = slices.at(-1)?.[0] ?? start;
    while ((slices[0]?.[0] ?? newest) <= newest - periodMs) slices.shift();
    return slices.reduce((sum, [, amount]) => sum + amount, 0);
  }

  function findingOf(used: number, severity: Severity, view: RecordView): Finding {
    const of = `${shown(used)} of ${shown(spec.limit)} ${measure.about}`;
    const period = typeof spec.period === "string" ? `this ${spec.period}` : `the last ${spanText(periodMs)}`;
    return {
      level: severity,
      evidence: () => [evidenceOf(view, "budget", `${of} used in ${period}`)],
      facts: () => ({
        used: shown(used),
        limit: shown(spec.limit),
        share: `${Math.floor((100 * used) / spec.limit)} %`,
        of: measure.about,
        period,
      }),
    };
  }
}

/** Cents and bytes alike. */
function shown(value: number): string {
  return String(Math.round(value * 100) / 100);
}
