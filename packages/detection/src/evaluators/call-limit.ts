import type { Severity } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { Compile } from "../rule/evaluation.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { type Evaluator, isDue } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const WINDOW_MS = 60_000; // the manifest's limits are calls a minute
const MAX_TIMES = 1000; // higher limits are reached when so many calls lie in one share of the minute, see `judge`
const stateSchema = z.object({ times: z.array(z.number()) });
type State = z.infer<typeof stateSchema>;

export const callLimitKind = z.strictObject({}).transform(
  (): Compile => (context) => {
    const selection = requiredCondition(context);
    return {
      selection,
      groupBy: ["credential", "server", "tool"],
      fields: [],
      names: ["count", "limit"],
      alsoLoose: false,
      readsPayload: false,
      concerns: (view) => concerns(view, selection),
      evaluator: () => callLimitEvaluator(selection, context.level, context.quietMs ?? WINDOW_MS),
    };
  },
);

function concerns(view: RecordView, selection: Selection): boolean {
  return (
    view.phase !== "other" && isDue(view, selection) && selection.matches(view) && limitOf(view) !== null
  );
}

function limitOf(view: RecordView): number | null {
  const { server, tool } = view.record.envelope.target ?? {};
  if (server === undefined || tool === undefined) return null;
  return view.manifest.entryOf(server, tool).limits.calls_per_minute ?? null;
}

/** More calls of a tool within a minute than the manifest allows one credential. */
function callLimitEvaluator(selection: Selection, level: Severity, quietMs: number): Evaluator<State> {
  return {
    state: stateSchema,
    windowMs: WINDOW_MS,
    quietMs,
    concerns: (view) => concerns(view, selection),
    fresh: () => ({ times: [] }),
    isEmpty: ({ times }) => times.length === 0,
    judge(state, view) {
      const limit = limitOf(view);
      if (limit === null) return null;
      state.times.push(view.time);
      state.times = state.times.filter((time) => time > view.time - WINDOW_MS).slice(-MAX_TIMES);
      const count = state.times.length;
      // Of a limit above what is kept, the kept calls must have taken less than their share of the minute.
      const share = limit < MAX_TIMES ? WINDOW_MS : (WINDOW_MS * MAX_TIMES) / limit;
      const oldest = state.times[0] ?? view.time;
      if (count <= Math.min(limit, MAX_TIMES - 1) || view.time - oldest > share) return null;
      return {
        level,
        evidence: () => [
          evidenceOf(view, "over", `${count} calls within a minute, the manifest allows ${limit}`),
        ],
        facts: () => ({ count: String(count), limit: String(limit) }),
      };
    },
  };
}
