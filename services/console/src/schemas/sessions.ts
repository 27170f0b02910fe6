import { z } from "zod";
import { alertRow } from "./alerts.ts";
import { callRow } from "./calls.ts";
import { cursor, limit, names, text } from "./common.ts";

export const sessionQuery = z.strictObject({ limit: limit.optional(), cursor: cursor.optional() });

export const sessionAnswer = z.object({
  id: z.string(),
  calls: z.array(callRow).describe("in order; also intents that no call followed"),
  alerts: z.array(alertRow).describe("that this session raised, oldest first, at most 500"),
  next: text,
  previous: text,
  names,
});
