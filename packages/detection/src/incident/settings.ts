import type { Severity } from "@tripline/events";

/** How findings of one session, or of one credential, add up to an incident. */
export interface IncidentSettings {
  /** Points of a finding whose rule does not say `tripline.score`. */
  readonly points: Readonly<Record<Severity, number>>;
  /** From so many points on an incident is told, with that severity; the lowest first. */
  readonly thresholds: readonly { readonly points: number; readonly severity: Severity }[];
  /** So many times the points it takes for all sessions of a credential together: they are different tasks. */
  readonly credentialFactor: number;
  /** After so long a finding counts half. */
  readonly halfLifeMs: number;
  /** Sessions and credentials that are remembered. */
  readonly maxGroups: number;
}

/**
 * Each severity counts twice the one below. One finding alone reaches only thresholds of its own severity or lower, so
 * an incident says something only where several rules have found something.
 */
export const DEFAULT_INCIDENTS: IncidentSettings = {
  points: { informational: 1, low: 2, medium: 4, high: 8, critical: 16 },
  thresholds: [
    { points: 5, severity: "medium" },
    { points: 10, severity: "high" },
    { points: 20, severity: "critical" },
  ],
  // On ordinary work of one key, a run each ten minutes, 5 in 1,000 runs were told with a factor of 1, none with 2.
  credentialFactor: 2,
  halfLifeMs: 2 * 3_600_000, // a session's work; what is older than half a day hardly counts
  maxGroups: 20_000,
};
