import type { SignedRevocation } from "@tripline/events";
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

export function refusalOf(entry: SignedRevocation): Refusal {
  return { revocationId: entry.id, scope: entry.scope, reason: entry.reason };
}
