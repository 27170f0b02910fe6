/** What incidents of one partition remember at most, and the times that belong to their nature and are no setting. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface Bounds {
  open: number;
  openOfTenant: number;
  closed: number;
}

export const BOUNDS: Bounds = {
  open: 5000, // some 5 KB each; people can look at far fewer
  openOfTenant: 2000, // so that who floods one tenant's incidents pushes out no other's
  closed: 2000, // kept so that a person can open one again, or call it a false positive later
};
export const MAX_SEEN = 100_000; // what came is known again for as long as the log may repeat it

/**
 * An alert so soon after its incident was resolved belongs to it: a producer that drops out every other minute is one trouble.
 * After a false positive such alerts were on their way before the exception was, and are only counted.
 */
export const REOPEN_WITHIN_MS = 10 * MINUTE_MS;

/** How long a growing incident is quiet after its first notice, and one that comes and goes; each further notice doubles it. */
export const FIRST_QUIET_MS = 15 * MINUTE_MS;
export const MAX_QUIET_MS = 24 * HOUR_MS; // people want to hear once a day that it goes on
