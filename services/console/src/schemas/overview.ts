import { OUTCOMES, SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { alertRow } from "./alerts.ts";
import { count, text } from "./common.ts";

export const OVERVIEW_HOURS = 24;

export const overviewAnswer = z.object({
  since: z.string(),
  until: z.string(),
  calls: z.object({ total: count, failed: count, denied: count }),
  minutes: z.array(z.object({ minute: z.string(), calls: count, failed: count, denied: count })),
  tools: z.array(
    z.object({ server: z.string(), tool: z.string(), calls: count, failed: count, denied: count }),
  ),
  outcomes: z.array(z.object({ outcome: z.enum(OUTCOMES), calls: count })),
  alerts: z.object({
    total: count,
    more: z.boolean().describe("there are more than were counted"),
    by_severity: z.record(z.enum(SEVERITIES), count),
    latest: alertRow.nullable(),
  }),
  incidents: z.object({
    open: count,
    acknowledged: count,
    by_severity: z.record(z.enum(SEVERITIES), count).describe("of the open ones"),
    newest: text.describe("when it changed, an incident did"),
  }),
  revocations: z.object({
    active: count,
    more: z.boolean(),
    latest: text.describe("id of the latest decision"),
  }),
  latest_call: text.describe("id of the latest call's record: when it changed, there is something new"),
  producers: z.array(
    z.object({ producer: z.string(), last_time: z.string(), last_seq: count, stopped: z.boolean() }),
  ),
});
