import type { IncomingHttpHeaders } from "node:http";
import type { Caller } from "../../interceptor.ts";

/** What one provider found in a request's headers. `invalid`: it was meant for this provider, and is not good (any more). */
export type Identification =
  | { kind: "none" }
  | { kind: "caller"; caller: Caller }
  | { kind: "invalid"; reason: string };

/** Recognises one kind of credential. Never throws, and never waits longer than a second. */
export interface IdentityProvider {
  /** Lower-case names of the headers it reads. A request that repeats one of them is refused. */
  readonly headers: readonly string[];
  /** The same `Caller` object for the same credential as long as nothing about it changes. */
  identify(headers: IncomingHttpHeaders): Identification | Promise<Identification>;
  /** Loads what is needed beforehand. Does not fail when a key server is down. */
  start?(): Promise<void>;
  stop?(): void;
}

export interface Identity {
  /** The first provider's caller, else `UNKNOWN`. */
  caller: Caller;
  /** All callers that were recognised: a request with two credentials is refused when either is. */
  all: readonly Caller[];
  /** Why a presented credential was not accepted; no part of the credential is in it. */
  invalid: string | undefined;
}

export const UNKNOWN: Caller = Object.freeze({ assurance: "unknown" });

const NOBODY: Identity = Object.freeze({ caller: UNKNOWN, all: [], invalid: undefined });

/** Asks all providers. Synchronous as long as none of them has to wait. */
export function identify(
  providers: readonly IdentityProvider[],
  headers: IncomingHttpHeaders,
): Identity | Promise<Identity> {
  if (providers.length === 0) return NOBODY;
  const now: Identification[] = [];
  const found = providers.map((provider) => {
    const one = provider.identify(headers);
    if (!(one instanceof Promise)) now.push(one);
    return one;
  });
  return now.length === found.length ? combine(now) : Promise.all(found).then(combine);
}

function combine(found: readonly Identification[]): Identity {
  const all: Caller[] = [];
  let invalid: string | undefined;
  for (const one of found) {
    if (one.kind === "caller") all.push(one.caller);
    if (one.kind === "invalid") invalid ??= one.reason;
  }
  return { caller: all[0] ?? UNKNOWN, all, invalid };
}

const BEARER = /^(?:bearer|dpop) +(\S+) *$/i; // RFC 6750; RFC 9449 tokens name their caller the same way

/** The token of an `Authorization` header, or null. */
export function bearerToken(authorization: string | undefined): string | null {
  return authorization === undefined ? null : (BEARER.exec(authorization)?.[1] ?? null);
}
