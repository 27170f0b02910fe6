import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { Evaluation, RuleContext } from "../rule/evaluation.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Correlation } from "../rule/rule-file.ts";
import type { Selection } from "../rule/selection.ts";
import { type Evaluator, isDue, type Scope } from "./evaluator.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";

const MAX_SHOWN = 10; // calls named in the alert: the last ones
const hitState = z.object({
  t: z.number(),
  id: z.string(),
  server: z.string().optional(),
  tool: z.string().optional(),
});
/** Times of all hits in order, and what is shown of the last few. */
const stateSchema = z.object({ times: z.array(z.number()), last: z.array(hitState) });
type State = z.infer<typeof stateSchema>;
type Spec = Extract<Correlation, { type: "event_count" }>;

/**
 * Sigma's event_count: `gte` calls of a group within `timespan`. Times are kept in order, so a record that comes late
 * counts where it belongs; one that is later than a whole timespan counts no more. Keeps `gte` times at most.
 */
export function eventCountEvaluation(context: RuleContext, correlation: Spec): Evaluation {
  const selection = requiredCondition(context);
  return {
    selection,
    groupBy: correlation["group-by"],
    fields: [],
    names: ["count", "window"],
    alsoLoose: false,
    readsPayload: false,
    evaluator: (scope) => eventCountEvaluator(context, selection, correlation, scope),
  };
}

function eventCountEvaluator(
  { level, quietMs }: RuleContext,
  selection: Selection,
  correlation: Spec,
  scope: Scope,
): Evaluator<State> {
  const windowMs = Math.min(correlation.timespan, scope.maxWindowMs);
  const { gte } = correlation.condition;
  return {
    state: stateSchema,
    windowMs,
    quietMs: quietMs ?? windowMs,
    concerns: (view) => isDue(view, selection) && selection.matches(view),
    fresh: () => ({ times: [], last: [] }),
    judge(state, view) {
      const { times, last } = state;
      insertTime(times, view.time);
      insertByTime(last, hitOf(view));
      if (last.length > MAX_SHOWN) last.shift();
      const oldest = (times.at(-1) ?? 0) - windowMs;
      let gone = 0;
      while ((times[gone] ?? oldest) < oldest) gone += 1;
      gone = Math.max(gone, times.length - gte);
      if (gone > 0) times.splice(0, gone);
      if (times.length < gte) return null;
      return {
        level,
        evidence: () => shown(state, view),
        facts: () => ({ count: String(times.length), window: seconds(windowMs) }),
      };
    },
  };
}

export function seconds(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

function hitOf(view: RecordView): State["last"][number] {
  const { id, target } = view.record.envelope;
  const hit: State["last"][number] = { t: view.time, id };
  if (target?.server !== undefined) hit.server = target.server;
  if (target?.tool !== undefined) hit.tool = target.tool;
  return hit;
}

/** From the end, because nearly all records come in order. */
export function insertByTime<T extends { t: number }>(entries: T[], entry: T): void {
  let at = entries.length;
  while (at > 0 && (entries[at - 1]?.t ?? 0) > entry.t) at -= 1;
  if (at === entries.length) entries.push(entry);
  else entries.splice(at, 0, entry);
}

function insertTime(times: number[], time: number): void {
  let at = times.length;
  while (at > 0 && (times[at - 1] ?? 0) > time) at -= 1;
  if (at === times.length) times.push(time);
  else times.splice(at, 0, time);
}

function shown({ times, last }: State, view: RecordView): Evidence[] {
  const inWindow = last.filter(({ t }) => t >= (times[0] ?? 0));
  return inWindow.map((each, index) => {
    if (each.id === view.record.envelope.id) return evidenceOf(view, "event");
    return {
      record_id: each.id,
      step: "event",
      time: new Date(each.t).toISOString(),
      ...(each.server === undefined ? {} : { server: each.server }),
      ...(each.tool === undefined ? {} : { tool: each.tool }),
      note: `call ${times.length - inWindow.length + index + 1} of ${times.length}`,
    };
  });
}
