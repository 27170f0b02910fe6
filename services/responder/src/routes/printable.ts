import { z } from "zod";

const MAX_TEXT_CHARS = 1024; // the limit of a revocation's subject and of every reason

/** What people type. Line breaks and other controls are refused: it is read in terminals, logs and by whoever is refused a call. */
export const printable = z
  .string()
  .trim()
  .min(1)
  .max(MAX_TEXT_CHARS)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/, { error: "control characters" });
