import { type Incident, incidentSchema } from "@tripline/events";
import type { LogRecord } from "@tripline/stream";

/** A version of an incident as it stands in its topic; null for what is none, which only the responder could have written. */
export function incidentIn({ value }: Pick<LogRecord, "value">): Incident | null {
  if (value === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(value));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return incidentSchema.safeParse(json).data ?? null;
}
