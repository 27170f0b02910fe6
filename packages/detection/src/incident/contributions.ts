import { REVOCATION_SCOPES, SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import { evidenceState } from "../evaluators/evidence.ts";

const MAX_RULES = 32; // that one group remembers, as many as an alert's score may name; the one with the fewest points goes
const MAX_EVIDENCE = 5; // records that are named of one rule
const MAX_SESSIONS = 16; // beyond it a credential has many, which is all that matters

const severity = z.enum(SEVERITIES);

/** What one rule has found in a group. */
const contribution = z.object({
  rule: z.string(),
  title: z.string(),
  /** As of `t`, its latest finding; they decay from there. */
  points: z.number(),
  t: z.number(),
  count: z.number(),
  severity,
  /** What may be taken away for it; null where nothing may. */
  revocable: z
    .object({ scope: z.enum(REVOCATION_SCOPES).optional(), subject: z.string().optional() })
    .nullable(),
  /** Its last records. */
  evidence: z.array(evidenceState),
});
export type Contribution = z.infer<typeof contribution>;

export const incidentState = z.object({
  contributions: z.array(contribution),
  /** The gravest severity that was told of this group, by an incident or by a rule's own alert, and when. */
  told: severity.nullable(),
  toldAt: z.number(),
  sessions: z.array(z.string()),
});
export type IncidentState = z.infer<typeof incidentState>;

export function noContributions(): IncidentState {
  return { contributions: [], told: null, toldAt: 0, sessions: [] };
}

/** @param ms since the points were given */
export function decayed(points: number, ms: number, halfLifeMs: number): number {
  return ms <= 0 ? points : points * 2 ** (-ms / halfLifeMs);
}

/** What a rule found before counts half when it finds again: no rule alone adds up to more than twice its points. */
export function addContribution(state: IncidentState, found: Contribution, halfLifeMs: number): void {
  const known = state.contributions.find(({ rule }) => rule === found.rule);
  if (known === undefined) {
    state.contributions.push({ ...found }); // session and credential count apart
    if (state.contributions.length > MAX_RULES) dropLeast(state.contributions, found.t, halfLifeMs);
    return;
  }
  known.points = found.points + decayed(known.points, found.t - known.t, halfLifeMs) / 2;
  known.t = Math.max(known.t, found.t);
  known.count += found.count;
  known.severity = graver(known.severity, found.severity);
  known.revocable = found.revocable ?? known.revocable;
  known.evidence = [...known.evidence, ...found.evidence].slice(-MAX_EVIDENCE);
}

export function addSession(state: IncidentState, session: string): void {
  if (state.sessions.length < MAX_SESSIONS && !state.sessions.includes(session)) state.sessions.push(session);
}

export function graver(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) >= SEVERITIES.indexOf(b) ? a : b;
}

function dropLeast(contributions: Contribution[], now: number, halfLifeMs: number): void {
  let least = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [index, { points, t }] of contributions.entries()) {
    const left = decayed(points, now - t, halfLifeMs);
    if (left < fewest) [least, fewest] = [index, left];
  }
  contributions.splice(least, 1);
}
