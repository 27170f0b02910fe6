import { createPrivateKey, hash, type KeyObject, sign } from "node:crypto";
import { TriplineError } from "@tripline/events";
import { z } from "zod";
import type { RevocationTarget, Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, grantOf, isGrantOf, keyIdOf } from "./credential.ts";
import { ask, bodyOf, unexpected } from "./exchange.ts";
import { address, COMMON, type RevokerDeps, revokerKind, secretPlace, secretReader } from "./kind.ts";

const schema = z.strictObject({
  type: z
    .literal("shared_signals")
    .describe("any receiver of the Shared Signals Framework: CAEP session-revoked and credential-change"),
  ...COMMON,
  issuer: z.string().min(1).max(256).describe("whose credentials: grant:<issuer>/… and key:<issuer>/…"),
  receiver: address.describe("where security event tokens are pushed to (RFC 8935)"),
  transmitter: z.string().min(1).max(256).describe("`iss` of the tokens: who you are to the receiver"),
  audience: z.string().min(1).max(256).describe("`aud` of the tokens: who the receiver is"),
  signing_key: secretPlace.describe("private key, PKCS#8 PEM: Ed25519, EC P-256 or RSA of 2048 bits or more"),
  key_id: z.string().min(1).max(128).describe("`kid`, as in the key set that the receiver knows"),
  authorization: secretPlace.optional().describe("bearer token, where the receiver asks for one"),
  credential_type: z
    .string()
    .min(1)
    .max(64)
    .default("api-key")
    .describe("`credential_type` of credential-change, as agreed with the receiver"),
});
type Settings = z.infer<typeof schema>;

const CAEP = "https://schemas.openid.net/secevent/caep/event-type";
const rejected = z.object({ err: z.string() });
// RFC 8935, 2.4.
const CODES = new Set([
  "invalid_request",
  "invalid_key",
  "invalid_issuer",
  "invalid_audience",
  "authentication_failed",
  "access_denied",
]);
const MIN_RSA_BITS = 2048;

/**
 * Tells a receiver that a session or key ended; what it does about that is its own affair, and it can't be asked. The token's
 * `jti` is made of the revocation's id, so that a receiver recognises one that came twice.
 */
export const sharedSignals = revokerKind({
  type: "shared_signals",
  schema,
  create: createSharedSignals,
  addresses: ({ receiver }) => [receiver],
});

function createSharedSignals(settings: Settings, deps: RevokerDeps): Revoker {
  const { name, issuer, receiver } = settings;
  const key = () => signingKey(deps.secret(settings.signing_key));
  key(); // a wrong one shows at the start
  const bearer =
    settings.authorization === undefined ? undefined : secretReader(settings.authorization, deps);
  return {
    name,
    probes: false,
    handles: (target) =>
      concerns(settings, target) && (isGrantOf(target, issuer) || keyIdOf(target, issuer) !== undefined),
    async revoke(target, signal): Promise<UpstreamOutcome> {
      const claims = eventToken(settings, target, deps.now());
      if (claims === undefined) {
        return {
          kind: "impossible",
          reason: `${name}: of this grant only a hash was kept; end it at the issuer by hand`,
        };
      }
      const asked = await ask(
        deps.http,
        name,
        receiver,
        () => ({
          method: "POST",
          headers: {
            "content-type": "application/secevent+jwt",
            accept: "application/json",
            ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer()}` }),
          },
          body: signed(claims, key(), settings.key_id),
          signal,
        }),
        [400],
      );
      if ("failed" in asked) return asked.failed;
      const { answer } = asked;
      if (answer.status === 202) return { kind: "done", note: "the receiver has the event" };
      if (answer.status !== 400) return unexpected(name, answer);
      const code = bodyOf(answer, rejected)?.err ?? "";
      const known = CODES.has(code) ? ` (${code})` : "";
      return {
        kind: "refused",
        reason: `${name}: the receiver rejects the event${known}; check issuer, audience and key with it`,
      };
    },
    probe: async () => "unknown",
  };
}

/** The claims of RFC 8417 (no `sub`, no `exp`) with one CAEP event; undefined where the subject can't be named. */
function eventToken(settings: Settings, target: RevocationTarget, nowMs: number): object | undefined {
  const { issuer, transmitter, audience, credential_type } = settings;
  const keyId = keyIdOf(target, issuer);
  const grant = grantOf(target, issuer);
  if (keyId === undefined && grant === undefined) return undefined;
  const common = {
    event_timestamp: Math.floor(Date.parse(target.decidedAt) / 1000),
    initiating_entity: target.by === "policy" ? "policy" : "admin",
    reason_admin: { en: target.reason },
  };
  const [type, event, subject] =
    grant === undefined
      ? ([
          "credential-change",
          { ...common, credential_type, change_type: "revoke" },
          { format: "opaque", id: target.subject },
        ] as const)
      : ([
          "session-revoked",
          common,
          {
            format: "complex",
            user: { format: "iss_sub", iss: issuer, sub: grant.subject },
            application: { format: "opaque", id: grant.client },
            ...(grant.sid === undefined ? {} : { session: { format: "opaque", id: grant.sid } }),
          },
        ] as const);
  return {
    iss: transmitter,
    aud: audience,
    iat: Math.floor(nowMs / 1000),
    jti: hash("sha256", `${settings.name}/${target.tenant}/${target.id}`, "hex"),
    txn: target.id,
    sub_id: subject,
    events: { [`${CAEP}/${type}`]: event },
  };
}

/** A compact JWS (RFC 7515) of type secevent+jwt. */
function signed(claims: object, key: KeyObject, keyId: string): string {
  const { alg, digest, options } = algorithmOf(key);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg, typ: "secevent+jwt", kid: keyId })}.${part(claims)}`;
  return `${text}.${sign(digest, Buffer.from(text), { key, ...options }).toString("base64url")}`;
}

/** RFC 7518, 3.1 and RFC 8037. @throws TriplineError for a key that none of them knows */
function algorithmOf(key: KeyObject): {
  alg: "EdDSA" | "ES256" | "RS256";
  digest: string | null;
  options: { dsaEncoding?: "ieee-p1363" };
} {
  if (key.asymmetricKeyType === "ed25519") return { alg: "EdDSA", digest: null, options: {} };
  if (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") {
    return { alg: "ES256", digest: "sha256", options: { dsaEncoding: "ieee-p1363" } };
  }
  if (key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS) {
    return { alg: "RS256", digest: "sha256", options: {} };
  }
  throw unusable();
}

/** @throws TriplineError; the parser's own words are dropped, since they may quote the key */
function signingKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw unusable();
  }
  algorithmOf(key);
  return key;
}

function unusable(): TriplineError {
  return new TriplineError(
    "TRIPLINE_SECRET_UNREADABLE",
    "signing_key is no Ed25519, P-256 or RSA (2048 bits) private key in PKCS#8 PEM",
  );
}
