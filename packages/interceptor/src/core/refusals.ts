import type { SignedRevocation, SignedVerdict } from "@tripline/events";
import type { Refusal } from "../interceptor.ts";

/** `policy.rule` of what a fail-closed tool was refused for. */
const FAIL_CLOSED = "fail_closed";

export const NO_DENY_LIST: Refusal = {
  revocationId: FAIL_CLOSED,
  scope: "fail_closed",
  reason: "this tool is refused while no deny list could be loaded",
};

export const NOT_RECORDABLE: Refusal = {
  revocationId: FAIL_CLOSED,
  scope: "fail_closed",
  reason: "this tool is refused because the call can't be recorded",
};

/** `policy.rule` of a call that should have waited for a verdict and got none: refused or let through, as the policy says. */
export const UNJUDGED = "unjudged";

export const NOT_JUDGED: Refusal = {
  revocationId: UNJUDGED,
  scope: "call",
  reason: "this tool is refused while its calls can't be judged in time",
};

/** The finding refuses this one call; nothing is revoked by it. */
export function refusalOfFinding({ rule_id, title }: SignedVerdict): Refusal {
  return {
    revocationId: rule_id ?? UNJUDGED,
    scope: "call",
    reason:
      title === undefined ? "a rule speaks against this call" : `a rule speaks against this call: ${title}`,
  };
}

export function refusalOf(entry: SignedRevocation): Refusal {
  return { revocationId: entry.id, scope: entry.scope, reason: entry.reason };
}
