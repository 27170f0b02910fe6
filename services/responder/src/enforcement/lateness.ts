import type { Interceptor } from "./interceptors.ts";

/**
 * An interceptor that is cut off may go on serving calls for as long as it lives, so its silence excuses it from nothing for a
 * day. After that `producer-silent` alone speaks of it: most of what is silent for so long is gone.
 */
export const SILENT_COUNTS_MS = 24 * 3600 * 1000;

/** What is asked of the interceptors about one revocation. Times are ms since the epoch. */
export interface Question {
  decidedAt: number;
  /** From the decision until an interceptor has to have said that it refuses. */
  deadlineMs: number;
  now: number;
}

/**
 * Whether this interceptor had to apply a revocation of its tenant: it was there when that was decided (one that starts later loads
 * the whole list first), and it can refuse. An advisory one only where it was heard after the deadline: its user may end it
 * whenever they like, so that its silence says nothing.
 */
export function isExpected(interceptor: Interceptor, { decidedAt, deadlineMs }: Question): boolean {
  if (interceptor.denyList === "none") return false;
  if (interceptor.firstSeen > decidedAt) return false;
  if (interceptor.advisory) return interceptor.lastSeen > decidedAt + deadlineMs;
  return interceptor.lastSeen >= decidedAt - SILENT_COUNTS_MS;
}

/** Whether it is time to say so. */
export function isOverdue({ decidedAt, deadlineMs, now }: Question): boolean {
  return now > decidedAt + deadlineMs;
}
