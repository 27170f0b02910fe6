import { hash } from "node:crypto";
import { z } from "zod";
import { name, sha256Hex, timestamp } from "./fields.ts";

/** Where a record stood that a step could not use, and which step that was: what makes two letters the same. */
export interface DeadLetterOrigin {
  generation: string;
  topic: string;
  partition: number;
  offset: number;
  step: string;
}

/** The id of a dead letter: the same however often it was written. 64 hex digits. */
export function deadLetterId({ generation, topic, partition, offset, step }: DeadLetterOrigin): string {
  const what = ["tripline dead letter v1", generation, topic, partition, offset, step];
  return hash("sha256", JSON.stringify(what), "hex");
}

/** Marks a record of the dead-letter topic as a decision about a letter, and names the decision's state. */
export const DEAD_LETTER_DECISION_HEADER = "dead_letter_decision";

/** What a person can do about a letter. */
export const DEAD_LETTER_DECISIONS = ["replayed", "discarded"] as const;

/**
 * What was decided about a letter. Travels on the dead-letter topic beside the letters, so that whoever reads them knows
 * what became of each; the `decision` record on the events topic is what the audit trail keeps.
 */
export const deadLetterDecisionSchema = z.looseObject({
  v: z.literal(1),
  id: sha256Hex.describe("of the letter"),
  state: z.enum(DEAD_LETTER_DECISIONS),
  by: name.describe("id of the person's token"),
  reason: z.string().max(1024),
  at: timestamp,
  position: z
    .looseObject({ partition: z.int().min(0), offset: z.int().min(0) })
    .optional()
    .describe("replayed: where the record was written again, on its original topic"),
});
export type DeadLetterDecision = z.infer<typeof deadLetterDecisionSchema>;
