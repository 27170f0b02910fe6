import type { RevocationScope } from "@tripline/events";

/** What is to be refused at its issuer: one entry of the revocations topic. */
export interface RevocationTarget {
  /** The entry's id: the same for every attempt, so that a receiver can recognise a repeated one. */
  id: string;
  tenant: string;
  scope: RevocationScope;
  /** For scope `credential`: `key:issuer/id` or `grant:issuer/client/subject[/sid]`, never a secret. */
  subject: string;
  /** `policy` or the id of the person's token. */
  by: string;
  reason: string;
  /** RFC 3339 */
  decidedAt: string;
}

/**
 * How one request to an issuer ended. Reasons name no secret, no path of an address and nothing the issuer wrote.
 * `done` means the issuer said so, which proves nothing until a probe does. `already`: it was refused before we came, so
 * reinstating must not lift it. `retry`: later, no sooner than `afterMs` where the issuer asked for it. `refused`: trying
 * again can't help until somebody changes something. `impossible`: this system can't do it by itself; the reason says what
 * a person must do.
 */
export type UpstreamOutcome =
  | { kind: "done"; note?: string; already?: true }
  | { kind: "retry"; reason: string; afterMs: number | undefined }
  | { kind: "refused"; reason: string }
  | { kind: "impossible"; reason: string };

/** What the issuer makes of the credential now. `unknown`: it could not be asked, or its answer does not tell. */
export type ProbeResult = "refused" | "accepted" | "unknown";

/**
 * One issuer of credentials. Every method is one attempt, may be called again, and never throws for what the other side does;
 * it ends early when `signal` aborts.
 */
export interface Revoker {
  readonly name: string;
  /** False where nobody can be asked whether the key is refused: acknowledged is then all that is ever known. */
  readonly probes: boolean;
  /** Whether this credential is its issuer's to refuse. Looks at the settings only. */
  handles(target: RevocationTarget): boolean;
  revoke(target: RevocationTarget, signal: AbortSignal): Promise<UpstreamOutcome>;
  probe(target: RevocationTarget, signal: AbortSignal): Promise<ProbeResult>;
  /** Absent where what was revoked stays dead for good. Never revives tokens from before the revocation. */
  reinstate?(target: RevocationTarget, signal: AbortSignal): Promise<UpstreamOutcome>;
}
