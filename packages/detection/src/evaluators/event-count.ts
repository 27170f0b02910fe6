import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";
import type { Correlation } from "../rule/rule-file.ts";
import { type Evaluator, isDue, type Scope } from "./evaluator.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";

const MAX_SHOWN = 10; // calls named in the alert, the first and the last ones
const hit = z.object({
  t: z.number(),
  id: z.string(),
  server: z.string().optional(),
  tool: z.string().optional(),
});
const stateSchema = z.object({ hits: z.array(hit) });
type State = z.infer<typeof stateSchema>;

/**
 * Sigma's event_count: `gte` calls of a group within `timespan`. Times are kept in order, so a record that comes late
 * counts where it belongs; one that is later than a whole timespan counts no more. Keeps `gte` hits at most.
 */
export function eventCountEvaluator(
  rule: Rule,
  correlation: Extract<Correlation, { type: "event_count" }>,
  scope: Scope,
): Evaluator<State> {
  const windowMs = Math.min(correlation.timespan, scope.maxWindowMs);
  const { gte } = correlation.condition;
  return {
    state: stateSchema,
    windowMs,
    quietMs: rule.definition.tripline.quiet ?? windowMs,
    concerns: (view) => isDue(view, rule.selection) && rule.selection.matches(view),
    fresh: () => ({ hits: [] }),
    judge(state, view) {
      insertByTime(state.hits, hitOf(view));
      const oldest = (state.hits.at(-1)?.t ?? 0) - windowMs;
      let gone = 0;
      while ((state.hits[gone]?.t ?? oldest) < oldest) gone += 1;
      gone = Math.max(gone, state.hits.length - gte);
      if (gone > 0) state.hits.splice(0, gone);
      if (state.hits.length < gte) return null;
      return {
        level: rule.definition.level,
        evidence: () => shown(state.hits, view),
        facts: () => ({ count: String(state.hits.length), window: seconds(windowMs) }),
      };
    },
  };
}

export function seconds(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

function hitOf(view: RecordView): State["hits"][number] {
  const { id, target } = view.record.envelope;
  return {
    t: view.time,
    id,
    ...(target?.server === undefined ? {} : { server: target.server }),
    ...(target?.tool === undefined ? {} : { tool: target.tool }),
  };
}

/** From the end, because nearly all records come in order. */
export function insertByTime<T extends { t: number }>(entries: T[], entry: T): void {
  let at = entries.length;
  while (at > 0 && (entries[at - 1]?.t ?? 0) > entry.t) at -= 1;
  if (at === entries.length) entries.push(entry);
  else entries.splice(at, 0, entry);
}

function shown(hits: State["hits"], view: RecordView): Evidence[] {
  const total = hits.length;
  const first = hits.slice(0, MAX_SHOWN / 2);
  const last = hits.slice(Math.max(MAX_SHOWN / 2, total - MAX_SHOWN / 2));
  return [...first, ...last].map((each) => {
    if (each.id === view.record.envelope.id) return evidenceOf(view, "event");
    return {
      record_id: each.id,
      step: "event",
      time: new Date(each.t).toISOString(),
      ...(each.server === undefined ? {} : { server: each.server }),
      ...(each.tool === undefined ? {} : { tool: each.tool }),
      note: `call ${hits.indexOf(each) + 1} of ${total}`,
    };
  });
}
