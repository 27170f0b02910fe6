import type { Redactor } from "@tripline/events";
import { z } from "zod";
import { printable } from "../routes/printable.ts";

const MAX_TEXT_CHARS = 1024; // a token can be longer than the secret it stands for

export const idParams = z.object({ id: z.string().min(1).max(256) });
export const until = z.iso.datetime({ offset: true }).describe("when it ends");
export const reasonBody = z.strictObject({ reason: printable });

/** What somebody typed, as it may be recorded. */
export function redacted(redactor: Redactor, text: string): string {
  return redactor.redactText(text).value.slice(0, MAX_TEXT_CHARS);
}
