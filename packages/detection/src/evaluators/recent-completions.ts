import { z } from "zod";
import { fieldReader } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { redactionTokensIn } from "../text/features.ts";
import { evidenceOf, evidenceState } from "./evidence.ts";
import { featuresState, savedFeatures } from "./remembered-call.ts";

/**
 * A call that was a sequence's last step, kept for a moment: the record of the step before may come from another
 * producer, and later. Of one producer the records are in order.
 */
export const recentCompletion = z.object({
  boot: z.string(),
  /** When the log took it, ms since the epoch. */
  appended: z.number(),
  /** When it began, ms since the epoch by its producer's clock. */
  t: z.number(),
  compared: z.array(z.number().nullable()),
  evidence: evidenceState,
  sent: z.object({ argFeatures: featuresState, argsText: z.string() }),
});
export type RecentCompletion = z.infer<typeof recentCompletion>;

export const DELIVERY_MS = 5000; // a record that is this late still counts as one that came; a spool's sender takes less
const OVERLAP_MS = 1000; // two producers' clocks may disagree by so much about what ended before something began
const MAX_KEPT = 8; // of one group; the oldest goes

const durationOf = fieldReader("duration_ms");

/** @param name of the step @param compared the fields that `where` compares */
export function noteCompletion(
  recent: RecentCompletion[],
  view: RecordView,
  { name, compared }: { name: string; compared: (number | null)[] },
): void {
  recent.push({
    boot: view.record.envelope.producer.boot,
    appended: view.appendTime,
    t: view.time - Number(durationOf(view) ?? 0),
    compared,
    evidence: evidenceOf(view, name),
    // Of the text only its redaction tokens are needed: they say what kind of secret it was.
    sent: { argFeatures: view.argFeatures, argsText: redactionTokensIn(view.argsText).join(" ") },
  });
  if (recent.length > MAX_KEPT) recent.shift();
}

/** Whether a call that this record tells of had ended when that one began, although it is told later. */
export function isToldLateBy(view: RecordView, { boot, t }: RecentCompletion): boolean {
  return view.record.envelope.producer.boot !== boot && view.time <= t + OVERLAP_MS;
}

export function forgetOld(recent: RecentCompletion[], view: RecordView): void {
  const kept = recent.findIndex(({ appended }) => appended >= view.appendTime - DELIVERY_MS);
  recent.splice(0, kept < 0 ? recent.length : kept);
}

export function savedCompletion(completion: RecentCompletion): z.input<typeof recentCompletion> {
  const { argFeatures, argsText } = completion.sent;
  return { ...completion, sent: { argFeatures: savedFeatures(argFeatures), argsText } };
}
