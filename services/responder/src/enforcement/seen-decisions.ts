import type { Envelope } from "@tripline/events";

type DecisionKind = NonNullable<Envelope["decision"]>["kind"];

/** Decisions about a revocation that its course is made of. */
export const COURSE_KINDS = [
  "not_enforced",
  "enforced",
  "upstream_acknowledged",
  "upstream_verified",
  "upstream_reinstated",
  "upstream_failed",
] as const satisfies readonly DecisionKind[];
export type CourseKind = (typeof COURSE_KINDS)[number];

/** One of them, as much as is needed to go on from it after a restart. */
export interface SeenDecision {
  kind: CourseKind;
  /** The alert that was raised or resolved with it. */
  alertId?: string;
  /** `producer/boot` of each interceptor it names. */
  interceptors: string[];
  /** ms since the epoch, when it was appended. */
  at: number;
}

const MAX_REVOCATIONS = 10_000; // the latest that anything was decided of

/** What the trail already says about revocations, so that nothing is said twice. */
export class SeenDecisions {
  readonly #seen = new Map<string, SeenDecision[]>();

  add(tenant: string, revocationId: string, decision: SeenDecision): void {
    const key = `${tenant}/${revocationId}`;
    const known = this.#seen.get(key) ?? [];
    this.#seen.delete(key);
    this.#seen.set(key, [...known, decision]);
    if (this.#seen.size <= MAX_REVOCATIONS) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }

  of(tenant: string, revocationId: string): readonly SeenDecision[] {
    return this.#seen.get(`${tenant}/${revocationId}`) ?? [];
  }

  /** For the state. */
  entries(): [string, SeenDecision[]][] {
    return [...this.#seen];
  }

  restore(entries: readonly (readonly [string, SeenDecision[]])[]): void {
    for (const [key, seen] of entries) this.#seen.set(key, seen);
  }
}

export function courseKind(kind: string): CourseKind | undefined {
  return COURSE_KINDS.find((known) => known === kind);
}
