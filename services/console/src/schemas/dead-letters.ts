import { DEAD_LETTER_DECISIONS, sha256Hex } from "@tripline/events";
import { z } from "zod";
import { count, cursor, filterText, limit, moment, text } from "./common.ts";

export const deadLetterStates = ["open", ...DEAD_LETTER_DECISIONS] as const;

export const deadLettersQuery = z.strictObject({
  topic: filterText.optional().describe("original topic, e.g. tripline.events"),
  step: filterText.optional().describe("the step that refused it, e.g. archiver-events"),
  reason: filterText.optional().describe("stable word or code, e.g. invalid"),
  state: z.enum(deadLetterStates).optional(),
  since: moment.optional(),
  until: moment.optional(),
  limit: limit.optional(),
  cursor: cursor.optional(),
});

export const deadLetterRow = z.object({
  id: sha256Hex,
  tenant: text,
  step: z.string(),
  reason: z.string(),
  generation: z.string(),
  topic: z.string(),
  partition: count,
  offset: count,
  key: text.describe("as it came: untrusted"),
  bytes: count,
  tombstone: z.boolean(),
  cut: z.boolean().describe("the letter holds only the beginning of the value"),
  time: z.string().describe("when the letter was written, by the log's clock"),
  state: z.enum(deadLetterStates),
  decided_by: text,
  decided_at: text,
  decision_reason: text,
  replayed_to: z.object({ partition: count, offset: count }).nullable(),
  replay_of: text.describe("the letter whose replay was refused again"),
});

export const deadLettersAnswer = z.object({
  dead_letters: z.array(deadLetterRow),
  next: text,
  previous: text,
});

export const deadLetterCountsAnswer = z.object({
  letters: count,
  by_reason: z.array(z.object({ step: z.string(), reason: z.string(), letters: count })),
});
export const deadLetterCountsQuery = deadLettersQuery.omit({ limit: true, cursor: true });

export const deadLetterAnswer = z.object({
  dead_letter: deadLetterRow,
  why: z.object({ what: z.string(), todo: z.string() }).describe("the reason in words"),
  verdict: z
    .object({
      state: z.enum(["valid_now", "still_refused", "unknown"]),
      words: z.string(),
      faults: z.array(z.object({ what: z.string(), path: text, byte: count.nullable() })),
    })
    .describe("the original, validated again with the present schema"),
  related: z.array(deadLetterRow).describe("the same record at other steps, and what came of replaying it"),
});

export const deadLetterBytesAnswer = z.object({
  untrusted: z.literal(true),
  headers: z.record(z.string(), z.string()),
  encoding: z.enum(["utf-8", "base64"]),
  value: text.describe("as it came, never redacted; null for a tombstone"),
});

const selection = {
  ids: z.array(sha256Hex).min(1).max(200).optional().describe("these letters; or all open ones that match:"),
  topic: filterText.optional(),
  step: filterText.optional(),
  reason: filterText.optional(),
  before: moment.optional().describe("written before then"),
};

export const decideBody = z
  .strictObject({
    ...selection,
    why: z.string().trim().min(1).max(1024).describe("for the audit trail"),
    dry_run: z.boolean().default(false),
    expect: count.optional().describe("how many letters this must be about; needed without `ids`"),
    cursor: cursor.optional().describe("`next` of the answer before, to go on with the same selection"),
  })
  .superRefine(({ ids, topic, step, reason, before }, context) => {
    const filters = [topic, step, reason, before].filter((value) => value !== undefined).length;
    if ((ids === undefined) === (filters === 0)) {
      context.addIssue({
        code: "custom",
        path: ["ids"],
        message: "give ids, or at least one filter, not both",
      });
    }
  });

export const decideAnswer = z.object({
  letters: count.describe("that the selection held when it began"),
  done: z.array(
    z.object({ id: z.string(), position: z.object({ partition: count, offset: count }).nullable() }),
  ),
  refused: z.array(z.object({ id: z.string(), code: z.string(), message: z.string() })),
  next: text.describe("there are more: send it as `cursor`"),
});
