import { type Alert, pipelineAlert, type Revocation } from "@tripline/events";

/** What on-call is told when a key stays alive at its issuer. The same findings give the same alert, so that it can be resolved. */

interface Still {
  /** Name of the revoker. */
  revoker: string;
  /** Why, in words; what a person must do where the system can't. */
  reason: string;
  /** ms since the epoch */
  now: number;
}

/** The issuer did not revoke the key, or said that it did and was not seen to refuse it. */
export function keyStillAccepted(entry: Revocation, { revoker, reason, now }: Still): Alert {
  return pipelineAlert({
    rule: "key-still-accepted",
    tenant: entry.tenant,
    identity: `${entry.id}/${entry.decided_at}/${revoker}`,
    group: `revocation=${entry.id}`,
    timeMs: now,
    summary: `The ${entry.scope} ${entry.subject} was taken away, and its issuer may still accept it: ${reason}`,
    why: "Every interceptor refuses the key. Whoever uses it past them, straight at the issuer's servers, still gets in.",
    next: [
      "revoke or rotate the key at its issuer by hand, now",
      `tripline revocations ${entry.id} shows what the issuer said and when`,
      `where the reason is the settings: mend the revoker ${revoker} in response.yaml; it is tried again by itself for a day`,
      "nothing more: when the issuer is seen to refuse the key, this resolves by itself",
    ],
  });
}

/** Revokers are configured, and none is for this credential. */
export function nobodyRevokes(entry: Revocation, now: number): Alert {
  return pipelineAlert({
    rule: "key-still-accepted",
    tenant: entry.tenant,
    identity: `${entry.id}/${entry.decided_at}/`,
    group: `revocation=${entry.id}`,
    timeMs: now,
    summary: unhandledReason(entry),
    why: "Every interceptor refuses the key. Its issuer was not told: whoever uses it past them still gets in.",
    next: [
      "revoke or rotate the key at its issuer by hand, now",
      "add a revoker for this issuer to response.yaml, so that the next one is revoked by itself",
      `tripline revocations ${entry.id} shows who refuses it`,
    ],
  });
}

export function unhandledReason(entry: Pick<Revocation, "subject">): string {
  return `No revoker of response.yaml is for ${entry.subject}: the key stays valid at its issuer`;
}
