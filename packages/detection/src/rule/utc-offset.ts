import { z } from "zod";

const OFFSET = /^([+-])(\d{2}):([0-5]\d)$/;
const MAX_OFFSET_MS = 14 * 3_600_000; // Kiribati's

/** A time zone's offset from UTC as `+02:00`, in ms. Fixed: rules know no summer time. */
export const utcOffset = z.string().transform((text, context) => {
  const match = OFFSET.exec(text);
  const ms = (Number(match?.[2] ?? 99) * 60 + Number(match?.[3] ?? 0)) * 60_000;
  if (ms <= MAX_OFFSET_MS) return match?.[1] === "-" ? -ms : ms;
  context.addIssue({ code: "custom", message: "expected an offset from UTC such as +02:00" });
  return z.NEVER;
});
