import type { Alert, Proposal, RevocationScope } from "@tripline/events";
import { globMatches } from "./glob.ts";
import type { Approval } from "./guard-config.ts";

/**
 * How many different people have to agree before this is revoked; 0 where it needs nobody's approval. Pure.
 * @param asked `rule` absent: a person asks
 */
export function peopleNeeded(
  approval: Approval | undefined,
  asked: { tenant: string; scope: RevocationScope; rule?: string | undefined },
): number {
  if (approval === undefined) return 0;
  if (approval.tenants !== undefined && !approval.tenants.includes(asked.tenant)) return 0;
  const ofScope = approval.scopes?.includes(asked.scope) === true;
  const { rule } = asked;
  const ofRule = rule !== undefined && approval.rules?.some((pattern) => globMatches(pattern, rule)) === true;
  return ofScope || ofRule ? approval.people : 0;
}

/** What may be done with a proposal at `now` (ms since the epoch). */
export type ProposalState = "waiting" | "lapsed" | "closed";

export function proposalState(proposal: Proposal, now: number): ProposalState {
  if (proposal.closed !== undefined) return "closed";
  return Date.parse(proposal.until) <= now ? "lapsed" : "waiting";
}

/** The proposal with one more person's approval; the same one twice counts once. */
export function approvedBy(proposal: Proposal, person: string): Proposal {
  return proposal.approved_by.includes(person)
    ? proposal
    : { ...proposal, approved_by: [...proposal.approved_by, person] };
}

/** The id of what an alert proposes: the alert's, so that the same alert proposes once. */
export function proposalId(alert: Pick<Alert, "id">): string {
  return alert.id;
}
