import { HttpError } from "@tripline/service";

/** The limit of a decision record's subject. */
export const MAX_SUBJECT_CHARS = 1024;

const DAY_MS = 24 * 3600 * 1000;

/**
 * When something ends that people set. @param now ms since the epoch @returns UTC with milliseconds
 * @throws HttpError 400 for a moment that has passed, or is too far away
 */
export function checkUntil(until: string, now: number, longestMs: number): string {
  const at = Date.parse(until);
  if (at <= now) throw new HttpError(400, "TRIPLINE_REQUEST_INVALID", "body/until: expected a time to come");
  if (at > now + longestMs) {
    const days = Math.floor(longestMs / DAY_MS);
    throw new HttpError(400, "TRIPLINE_REQUEST_INVALID", `body/until: expected a time within ${days} days`);
  }
  return new Date(at).toISOString();
}
