import { z } from "zod";
import type { RecordView } from "../../record/record-view.ts";
import { evidenceOf, evidenceState } from "../evidence.ts";
import { insertByTime } from "./correlation-kind.ts";

const MAX_SHOWN = 10; // records named in the alert: the last ones

/** One of a group's last records, as an alert shows it. */
export const shownRecord = z.object({ t: z.number(), evidence: evidenceState });
export type ShownRecord = z.infer<typeof shownRecord>;

/** Keeps the last few. */
export function lastShown(last: ShownRecord[], view: RecordView, note?: string): void {
  insertByTime(last, { t: view.time, evidence: evidenceOf(view, "value", note) });
  if (last.length > MAX_SHOWN) last.shift();
}

/** Those within a window, the completing record last. */
export function shownWithin(
  last: readonly ShownRecord[],
  from: number,
  to: number,
  view: RecordView,
  note?: string,
): ShownRecord["evidence"][] {
  const completing = evidenceOf(view, "value", note);
  const others = last.filter(
    ({ t, evidence }) => t >= from && t <= to && evidence.record_id !== completing.record_id,
  );
  return [...others.map(({ evidence }) => evidence), completing];
}
