import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { decodeJwt, errors, jwtVerify } from "jose";
import type { Caller } from "../../interceptor.ts";
import { callerOf } from "./claims.ts";
import type { JwtConfig } from "./config.ts";
import { bearerToken, type Identification, type IdentityProvider } from "./identity.ts";
import type { KeySet } from "./jwks.ts";

const MAX_CACHED_TOKENS = 10_000; // some 5 MB; a verification costs 100 µs, a hash 2 µs
const MAX_TOKEN_CHARS = 16 * 1024; // Node's own limit for all headers together

interface Verified {
  caller: Caller;
  /** Seconds since the epoch. */
  until: number;
  generation: number;
}

const NONE: Identification = Object.freeze({ kind: "none" });

/**
 * OAuth access tokens that are JWTs: signature, issuer, audience, exp and nbf are checked. A verified token is remembered
 * by its hash until it ends or the issuer's keys change. Tokens of other issuers are `none`, so that several providers can
 * stand side by side; without keys tokens of this issuer are `invalid`.
 */
export function createJwtProvider(
  config: JwtConfig,
  keySet: KeySet,
  now: () => number = Date.now,
): IdentityProvider {
  const verified = new Map<string, Verified>();

  async function verify(token: string, digest: string): Promise<Identification> {
    for (let attempt = 0; ; attempt += 1) {
      const generation = keySet.generation;
      const keys = keySet.current();
      try {
        if (keys === null) throw new errors.JWKSNoMatchingKey();
        const { payload } = await jwtVerify(token, keys, {
          issuer: config.issuer,
          audience: config.audience,
          algorithms: config.algorithms,
          clockTolerance: config.clock_tolerance_s,
          currentDate: new Date(now()),
        });
        const caller = callerOf(payload, config);
        if (caller === null)
          return { kind: "invalid", reason: "the token names neither a subject nor a client" };
        const until = payload.exp === undefined ? now() / 1000 + 60 : payload.exp + config.clock_tolerance_s;
        remember(digest, { caller, until, generation });
        return { kind: "caller", caller };
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey && attempt === 0) {
          await keySet.refresh();
          continue;
        }
        return { kind: "invalid", reason: reasonOf(error) };
      }
    }
  }

  function remember(digest: string, entry: Verified): void {
    if (verified.size >= MAX_CACHED_TOKENS) {
      const oldest = verified.keys().next();
      if (oldest.done !== true) verified.delete(oldest.value);
    }
    verified.set(digest, entry);
  }

  return {
    headers: ["authorization"],
    start: () => keySet.start(),
    stop: () => keySet.stop(),
    identify(headers: IncomingHttpHeaders): Identification | Promise<Identification> {
      const token = bearerToken(headers.authorization);
      if (token === null || token.length > MAX_TOKEN_CHARS) return NONE;
      const digest = hash("sha256", token, "hex");
      const known = verified.get(digest);
      if (known !== undefined) {
        if (known.until > now() / 1000 && known.generation === keySet.generation) {
          return { kind: "caller", caller: known.caller };
        }
        verified.delete(digest);
      }
      if (issuerOf(token) !== config.issuer) return NONE;
      return verify(token, digest);
    },
  };
}

/** Whose token it claims to be; nothing is checked yet. */
function issuerOf(token: string): string | undefined {
  if (token.split(".").length !== 3) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** jose's messages name claims, never their values. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `the token's ${error.claim} is not accepted`;
  if (error instanceof errors.JWKSNoMatchingKey) return "the token is signed with a key that is not known";
  if (error instanceof errors.JOSEError) return "the token's signature or form is not valid";
  throw error;
}
