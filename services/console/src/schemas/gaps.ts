import { GAP_KINDS } from "@tripline/store";
import { z } from "zod";
import { count, cursor, filterText, moment, text } from "./common.ts";

export const GAPS_HOURS = 24; // the default range: a day's whole boots, and still an answer in seconds

export const gapsQuery = z.strictObject({
  since: moment.optional().describe(`inclusive, by the log's clock; default: ${GAPS_HOURS} hours ago`),
  until: moment.optional().describe("exclusive; default: now. At most 31 days after `since`"),
  producer: filterText.optional(),
  hashes: z
    .enum(["true", "false"])
    .default("true")
    .describe("false: only numbers and heartbeats are looked at, which is quicker"),
  cursor: cursor.optional(),
});

const seqRange = z.object({ first_seq: count, last_seq: count });

const gap = z.object({
  kind: z.enum(GAP_KINDS).describe("see docs/completeness.md"),
  tenant: z.string(),
  producer: z.string(),
  boot: z.string(),
  ranges: z.array(seqRange).describe("the numbers it is about, both ends included"),
  more: z.boolean().describe("there are more ranges than are listed"),
  numbers: count.describe("how many numbers that is, those not listed included"),
  after: text.describe("the log's time of the last record before; of a silence, the last sign of life"),
  before: text.describe("the log's time of the first record behind"),
  declared: z.record(z.string(), count).describe("what the producer itself declared as dropped, by reason"),
  record_id: text.describe("the heartbeat that shows it"),
  time: z.string(),
  detail: z.string().describe("one sentence"),
});

export const gapsAnswer = z.object({
  since: z.string(),
  until: z.string(),
  gaps: z.array(gap),
  boots: count.describe("examined on this page"),
  records: count.describe("examined on this page"),
  next: text.describe("cursor of the next page: there can be one when this page has no gaps"),
});
