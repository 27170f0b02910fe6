import { z } from "zod";
import type { RecordView } from "../../record/record-view.ts";
import { type Evidence, evidenceOf } from "../evidence.ts";
import { insertByTime } from "./correlation-kind.ts";

export const MAX_SHOWN = 10; // records named in the alert: the last ones

/** One of a group's records, as much of it as an alert shows. What it was about is only said of the completing one. */
export const shownRecord = z.object({
  t: z.number(),
  id: z.string(),
  server: z.string().optional(),
  tool: z.string().optional(),
  note: z.string().optional(),
});
export type ShownRecord = z.infer<typeof shownRecord>;

export function shownOf(view: RecordView, note?: string): ShownRecord {
  const { id, target } = view.record.envelope;
  return {
    t: view.time,
    id,
    ...(target?.server === undefined ? {} : { server: target.server }),
    ...(target?.tool === undefined ? {} : { tool: target.tool }),
    ...(note === undefined ? {} : { note }),
  };
}

/** Keeps the last few. */
export function keepLast(last: ShownRecord[], shown: ShownRecord): void {
  insertByTime(last, shown);
  if (last.length > MAX_SHOWN) last.shift();
}

export function evidenceOfShown({ t, id, server, tool, note }: ShownRecord, step: string): Evidence {
  return {
    record_id: id,
    step,
    time: new Date(t).toISOString(),
    ...(server === undefined ? {} : { server }),
    ...(tool === undefined ? {} : { tool }),
    ...(note === undefined ? {} : { note }),
  };
}

/** Those within a window, the completing record last. */
export function evidenceWithin(
  last: readonly ShownRecord[],
  { from, to }: { from: number; to: number },
  view: RecordView,
  note?: string,
): Evidence[] {
  const completing = evidenceOf(view, "value", note);
  const others = last.filter(({ t, id }) => t >= from && t <= to && id !== completing.record_id);
  return [...others.map((each) => evidenceOfShown(each, "value")), completing];
}
