import {
  COUNT,
  COUNT_WITHIN_MS,
  COUNTED_TOOL,
  DISTINCT,
  DISTINCT_TOOLS,
  DISTINCT_WITHIN_MS,
  type Question,
  STEP_TOOLS,
  STEPS_WITHIN_MS,
} from "./questions.ts";
import type { CallEvent } from "./records-file.ts";

/** What the right answer is, by looking back from each record at all of its key. Slow, and short enough to be read. */
export function rightAnswer(
  events: readonly CallEvent[],
  question: Question,
): { matches: number; checksum: number } {
  const byKey = Map.groupBy(events, ({ credential }) => credential);
  let matches = 0;
  let checksum = 0;
  for (const calls of byKey.values()) {
    for (const [index, call] of calls.entries()) {
      if (!completes(calls, index, question)) continue;
      matches += 1;
      checksum += call.id;
    }
  }
  return { matches, checksum };
}

function completes(calls: readonly CallEvent[], index: number, question: Question): boolean {
  const call = calls[index];
  if (call === undefined) return false;
  if (question === "count")
    return (
      call.tool === COUNTED_TOOL && before(calls, index, COUNT_WITHIN_MS, [COUNTED_TOOL]).length >= COUNT
    );
  if (question === "distinct") {
    if (!DISTINCT_TOOLS.includes(call.tool)) return false;
    const tools = before(calls, index, DISTINCT_WITHIN_MS, DISTINCT_TOOLS).map(({ tool }) => tool);
    return new Set(tools).size >= DISTINCT;
  }
  const steps = STEP_TOOLS.slice(0, question === "two-steps" ? 2 : 3);
  if (call.tool !== steps.at(-1)) return false;
  let next = 0;
  for (const each of before(calls, index, STEPS_WITHIN_MS, steps)) {
    if (each.tool === steps[next]) next += 1;
  }
  return next === steps.length;
}

/** Calls of these tools from so long ago until and with the one at `index`, the oldest first. */
function before(
  calls: readonly CallEvent[],
  index: number,
  withinMs: number,
  tools: readonly string[],
): CallEvent[] {
  const found: CallEvent[] = [];
  const now = calls[index]?.time ?? 0;
  for (let at = index; at >= 0; at -= 1) {
    const call = calls[at];
    if (call === undefined || call.time < now - withinMs) break;
    if (tools.includes(call.tool)) found.unshift(call);
  }
  return found;
}
