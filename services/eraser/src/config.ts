import { clickhouseKeys, dataKeys, httpKeys, kafkaKeys, observabilityKeys } from "@tripline/service";
import { z } from "zod";

const PAYLOAD_DAYS = 30;
const NAME_DAYS = 400; // as envelopes: a principal's id without a name says little to whoever looks at last year
const ENVELOPE_DAYS = 400; // a year, and time to look back at it
const MAX_DAYS = 36_500;

/** How long what is personal is kept. */
export const retentionKeys = {
  payloadDays: z.number().int().min(1).max(MAX_DAYS).default(PAYLOAD_DAYS).meta({
    description:
      "days after which payloads (arguments, results, error texts) are erased, but under a legal hold",
    placeholder: "DAYS",
  }),
  nameDays: z.number().int().min(1).max(MAX_DAYS).default(NAME_DAYS).meta({
    description: "days after which a name goes from the directory when nothing was done on its behalf since",
    placeholder: "DAYS",
  }),
  envelopeDays: z.number().int().min(1).max(MAX_DAYS).default(ENVELOPE_DAYS).meta({
    description:
      "days after which envelopes are removed, in whole months by when they arrived, but under a legal hold; never before their payloads",
    placeholder: "DAYS",
  }),
};

export interface RetentionDays {
  payloadDays: number;
  nameDays: number;
  envelopeDays: number;
}

/** What an eraser that runs alone can be told. */
export const eraserConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  ...kafkaKeys,
  ...clickhouseKeys,
  ...retentionKeys,
  ...observabilityKeys,
});
