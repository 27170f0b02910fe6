import { z } from "zod";

/** What the console says about dead letters. Keys, headers and values are as they came: hostile. */

const text = z.string().nullable();

export const deadLetterSchema = z.looseObject({
  id: z.string(),
  tenant: text,
  step: z.string(),
  reason: z.string(),
  generation: z.string(),
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  key: text,
  bytes: z.number(),
  tombstone: z.boolean(),
  cut: z.boolean(),
  time: z.string(),
  state: z.string(),
  decided_by: text,
  decided_at: text,
  decision_reason: text,
  replayed_to: z.looseObject({ partition: z.number(), offset: z.number() }).nullable(),
  replay_of: text,
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

export const deadLettersAnswer = z.looseObject({ dead_letters: z.array(deadLetterSchema), next: text });

export const deadLetterAnswer = z.looseObject({
  dead_letter: deadLetterSchema,
  why: z.looseObject({ what: z.string(), todo: z.string() }),
  verdict: z.looseObject({
    state: z.string(),
    words: z.string(),
    faults: z.array(z.looseObject({ what: z.string(), path: text, byte: z.number().nullable() })),
  }),
  related: z.array(deadLetterSchema),
});
export type DeadLetterAnswer = z.infer<typeof deadLetterAnswer>;

export const deadLetterBytesAnswer = z.looseObject({
  headers: z.record(z.string(), z.string()),
  encoding: z.string(),
  value: text,
});
export type DeadLetterBytes = z.infer<typeof deadLetterBytesAnswer>;

export const deadLetterDecideAnswer = z.looseObject({
  letters: z.number(),
  done: z.array(z.looseObject({ id: z.string() })),
  refused: z.array(z.looseObject({ id: z.string(), code: z.string(), message: z.string() })),
  next: text,
});
