import type { DetectionInput } from "../engine/detection.ts";
import { type ShortRecord, shortRecordSchema } from "../rule/rule-test-schema.ts";
import { recordsOf } from "../test-rule.ts";
import type { LabelledTrace } from "./labelled-trace.ts";
import type { ToolLists } from "./tool-lists.ts";

const CALL_GAP_MS = 2800; // the traces have no times; the median recorded run's own pace
const RECORDS_PER_CALL = 2; // its intent and its end

/** A record of a run, and which call it belongs to; -1 for the listing. */
export interface TraceInput {
  input: DetectionInput;
  call: number;
}

/**
 * A run as the log would have it: the server's listing first where it is known, then each call as intent and end.
 * @param cap outputs are cut to so many characters, as gateways do
 */
export function traceInputs(trace: LabelledTrace, tools: ToolLists | null, cap: number | null): TraceInput[] {
  const listed = tools?.bySuite.get(trace.suite) ?? tools?.everywhere ?? [];
  const listing = listed.length === 0 ? [] : [short({ server: trace.suite, listed })];
  const calls = trace.calls.map(({ tool, args, output, error }, index) =>
    short({
      at: `${(index + 1) * CALL_GAP_MS}ms`,
      server: trace.suite,
      tool,
      args,
      intent: true,
      ...(output === null ? {} : { result: cap === null ? output : output.slice(0, cap) }),
      ...(error === null ? {} : { error, outcome: "tool_error" }),
    }),
  );
  return recordsOf([...listing, ...calls]).map((input, at) => ({
    input,
    call: Math.floor((at - listing.length) / RECORDS_PER_CALL),
  }));
}

function short(record: unknown): ShortRecord {
  return shortRecordSchema.parse(record);
}
