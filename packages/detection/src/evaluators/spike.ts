import { z } from "zod";
import {
  type Baseline,
  baselineState,
  hourOfWeek,
  learn,
  restoredBaseline,
  savedBaseline,
  takeUp,
  type Usual,
  usualAt,
  usuallyAtLeast,
  usuallyAtMost,
} from "../baseline/baseline.ts";
import { groupIdentity, identityOf } from "../baseline/group-identity.ts";
import { MEASURE_NAMES, MEASURES, type Measure } from "../baseline/measure.ts";
import { medianDeviation, quantile } from "../baseline/sketch.ts";
import { measureInto, newWindow, valueOfWindow, type Window, windowState } from "../baseline/window.ts";
import type { RecordView } from "../record/record-view.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { utcOffset } from "../rule/utc-offset.ts";
import { type Evaluator, type Finding, type GroupIdentity, isDue, type Scope } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";
import { measuredSelection } from "./measured-selection.ts";
import { spanText } from "./span-text.ts";

const FORGOTTEN_AFTER_MS = 35 * 86_400_000; // five weeks unseen: what was usual then says little now
const DEFAULT_QUIET_MS = 3_600_000;
const DEFAULT_LEARNING_MS = 3 * 86_400_000;
const DEFAULT_PER_MS = 60_000;
const CREEP = 1.1; // by so much a window that was found moves what is usual: a lasting change is learned in hours, not at once
const NORMAL_MAD = 1.4826; // times the MAD is the standard deviation, were the values normally distributed

const specSchema = z.strictObject({
  of: z.enum(MEASURE_NAMES).describe("what is measured of a group's calls in each window"),
  per: duration.default(DEFAULT_PER_MS).describe("the window; default 1m"),
  "group-by": groupBySchema,
  minimum: z.number().min(0).describe("of the value: less is never too much; with `below`, of what is usual"),
  calls: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe("measured calls in the window before a median is judged"),
  factor: z.number().min(1.1).max(1000).default(3).describe("times the usual 99th percentile"),
  deviations: z
    .number()
    .min(0)
    .max(1000)
    .default(6)
    .describe("and so many deviations above the usual median"),
  below: z.boolean().default(false).describe("true: too little, less than the usual 5th percentile / factor"),
  learning: duration
    .default(DEFAULT_LEARNING_MS)
    .describe("no finding in a group's first so-long; default 3d"),
  utc_offset: utcOffset.default(0).describe("of the hours of the week, such as +02:00; default +00:00"),
});
type Spec = z.infer<typeof specSchema>;

export const spikeKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const measure: Measure = MEASURES[spec.of];
      const selection = measuredSelection(requiredCondition(context), measure);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: [],
        names: ["count", "of", "usual", "median", "when", "window"],
        alsoLoose: false,
        readsPayload: false,
        evaluator: (scope) => spikeEvaluator(context, selection, measure, spec, scope),
      };
    },
);

const stateSchema = z
  .object({ of: groupIdentity, baseline: baselineState, window: windowState.nullable() })
  .transform(({ of, baseline, window }): State => ({ of, baseline: restoredBaseline(baseline), window }));
interface State {
  of: GroupIdentity;
  baseline: Baseline;
  window: Window | null;
}

/**
 * A group whose calls in one window are far from what is usual for the group itself, in that hour of the week. The value
 * of each window that is over is learned; of one that was found only a little more than what is usual, so that an attack
 * does not teach that it is.
 */
function spikeEvaluator(
  { level, quietMs = DEFAULT_QUIET_MS }: RuleContext,
  selection: Selection,
  measure: Measure,
  spec: Spec,
  scope: Scope,
): Evaluator<State> {
  const perMs = Math.min(spec.per, scope.maxWindowMs);
  const hourOf = (time: number): number => hourOfWeek(time, spec.utc_offset);
  const zone = zoneName(spec.utc_offset);

  return {
    state: stateSchema,
    save: ({ of, baseline, window }) => ({ of, baseline: savedBaseline(baseline), window }),
    sharesRow: true,
    windowMs: FORGOTTEN_AFTER_MS,
    quietMs,
    concerns: (view) => isDue(view, selection) && selection.matches(view),
    fresh: (view) => ({
      of: identityOf(view),
      baseline: { since: view.time, hours: new Map() },
      window: null,
    }),
    past: {
      baselineOf: ({ of, baseline }) => ({ of, baseline }),
      takeUp: (state, baseline) => takeUp(state.baseline, baseline),
    },
    judge(state, view) {
      const window = windowAt(state, view.time);
      if (window === null || !measureInto(window, measure, view) || window.teaches !== null) return null;
      const value = valueOfWindow(window, measure.kind);
      if (!mayMatter(value, window) || view.time - state.baseline.since < spec.learning) return null;
      const usual = usualAt(state.baseline, hourOf(window.start), zone);
      const limit = usual === null ? null : limitOf(usual);
      if (usual === null || limit === null || (spec.below ? value >= limit : value <= limit)) return null;
      window.teaches = spec.below ? usuallyAtLeast(usual) / CREEP : usuallyAtMost(usual) * CREEP;
      return findingOf(value, usual, view);
    },
  };

  /** The window that a call belongs to, after learning from those before; null for one that is over. */
  function windowAt(state: State, time: number): Window | null {
    const start = Math.floor(time / perMs) * perMs;
    const { window } = state;
    // A call that comes late from the window before is counted in this one: clocks differ by seconds.
    if (window !== null && start <= window.start) return window.start - start > perMs ? null : window;
    if (window !== null && (measure.kind !== "median" || window.calls > 0)) {
      learn(state.baseline, hourOf(window.start), window.teaches ?? valueOfWindow(window, measure.kind));
    }
    state.window = newWindow(start);
    return state.window;
  }

  /** Cheap, before what is usual is worked out. */
  function mayMatter(value: number, { calls }: Window): boolean {
    if (measure.kind === "median" && calls < spec.calls) return false;
    return spec.below || value >= spec.minimum;
  }

  function limitOf(usual: Usual): number | null {
    if (spec.below) {
      const usually = usuallyAtLeast(usual);
      return usually < spec.minimum ? null : usually / spec.factor;
    }
    const stray = quantile(usual.sketch, 0.5) + spec.deviations * NORMAL_MAD * medianDeviation(usual.sketch);
    return Math.max(spec.factor * usuallyAtMost(usual), stray);
  }

  function findingOf(value: number, usual: Usual, view: RecordView): Finding {
    const usually = shown(spec.below ? usuallyAtLeast(usual) : usuallyAtMost(usual));
    const percentile = spec.below ? "5th" : "99th";
    const explained = `${shown(value)} ${measure.about} in ${spanText(perMs)}; the usual ${percentile} percentile (${usual.when}, ${usual.windows} windows) is ${usually}`;
    return {
      level,
      evidence: () => [evidenceOf(view, "spike", explained)],
      facts: () => ({
        count: shown(value),
        of: measure.about,
        usual: usually,
        median: shown(quantile(usual.sketch, 0.5)),
        when: usual.when,
        window: spanText(perMs),
      }),
    };
  }
}

/** Three significant digits: the sketch knows no more. */
function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function zoneName(offsetMs: number): string {
  if (offsetMs === 0) return "UTC";
  const minutes = Math.abs(offsetMs) / 60_000;
  const clock = `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  return `UTC${offsetMs < 0 ? "-" : "+"}${clock}`;
}
