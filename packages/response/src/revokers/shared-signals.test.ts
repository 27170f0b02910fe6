import { generateKeyPairSync } from "node:crypto";
import { exportJWK, importJWK, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { NOW, never, RecordedHttp, revokerWith, target } from "./testing/recorded-http.ts";
import { SAMPLES } from "./testing/samples.ts";

const settings = SAMPLES.shared_signals?.settings ?? {};
const GRANT = "grant:https://idp.example/agent/u%2F1/sid-1";
const pairs = {
  EdDSA: generateKeyPairSync("ed25519"),
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
};

async function pushed(alg: keyof typeof pairs, subject: string, more: Record<string, unknown> = {}) {
  const { privateKey, publicKey } = pairs[alg];
  const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const http = new RecordedHttp({ "POST /events": { status: 202 } });
  const revoker = revokerWith({ ...settings, ...more }, http, { secret });
  expect(await revoker.revoke(target(subject), never)).toMatchObject({ kind: "done" });
  const [sent] = http.sent;
  const key = await importJWK(await exportJWK(publicKey), alg);
  const verified = await jwtVerify(sent?.body ?? "", key, {
    issuer: "https://tripline.acme.example",
    audience: "https://receiver.example",
    algorithms: [alg],
    typ: "secevent+jwt",
    currentDate: new Date(NOW),
  });
  return { sent, ...verified };
}

test.each(["EdDSA", "ES256", "RS256"] as const)(
  "%s: another library verifies what is pushed",
  async (alg) => {
    const { sent, payload, protectedHeader } = await pushed(alg, GRANT);
    expect(sent?.headers).toMatchObject({
      "content-type": "application/secevent+jwt",
      accept: "application/json",
    });
    expect(protectedHeader).toEqual({ alg, typ: "secevent+jwt", kid: "k1" });
    expect(payload).not.toHaveProperty("sub");
    expect(payload).not.toHaveProperty("exp");
  },
);

test("a grant is a session that was revoked, with its user, client and session", async () => {
  const { payload } = await pushed("EdDSA", GRANT);
  expect(payload).toMatchObject({
    iat: NOW / 1000,
    txn: "rev-1",
    sub_id: {
      format: "complex",
      user: { format: "iss_sub", iss: "https://idp.example", sub: "u/1" },
      application: { format: "opaque", id: "agent" },
      session: { format: "opaque", id: "sid-1" },
    },
    events: {
      "https://schemas.openid.net/secevent/caep/event-type/session-revoked": {
        event_timestamp: Math.floor(Date.parse("2026-11-21T09:59:59.500Z") / 1000),
        initiating_entity: "policy",
        reason_admin: { en: "rule send: a secret was sent out" },
      },
    },
  });
});

test("a key is a credential that was revoked", async () => {
  const { payload } = await pushed("EdDSA", "key:idp/ci", { issuer: "idp" });
  expect(payload).toMatchObject({
    sub_id: { format: "opaque", id: "key:idp/ci" },
    events: {
      "https://schemas.openid.net/secevent/caep/event-type/credential-change": {
        credential_type: "api-key",
        change_type: "revoke",
      },
    },
  });
});

test("the same revocation has the same jti however often it is told", async () => {
  const [once, again] = [await pushed("EdDSA", GRANT), await pushed("ES256", GRANT)];
  expect(once.payload.jti).toBe(again.payload.jti);
  expect(once.payload.jti).toMatch(/^[0-9a-f]{64}$/);
});

describe("what the receiver answers", () => {
  const { privateKey } = pairs.EdDSA;
  const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  test.each([
    "invalid_request",
    "invalid_key",
    "invalid_issuer",
    "invalid_audience",
    "authentication_failed",
    "access_denied",
  ])("%s is told by its name, and not tried again", async (err) => {
    const http = new RecordedHttp({ "POST /events": { status: 400, body: { err, description: "hostile" } } });
    const outcome = await revokerWith(settings, http, { secret }).revoke(target(GRANT), never);
    expect(outcome).toMatchObject({ kind: "refused", reason: expect.stringContaining(err) });
    expect(JSON.stringify(outcome)).not.toContain("hostile");
  });
  test("200 is not what RFC 8935 calls taken", async () => {
    const http = new RecordedHttp({ "POST /events": { status: 200 } });
    expect(await revokerWith(settings, http, { secret }).revoke(target(GRANT), never)).toMatchObject({
      kind: "refused",
    });
  });
});

test.each([
  ["no key", "hello"],
  [
    "a key of 1024 bits",
    generateKeyPairSync("rsa", { modulusLength: 1024 })
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString(),
  ],
  [
    "another curve",
    generateKeyPairSync("ec", { namedCurve: "P-384" })
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString(),
  ],
])("%s is refused at the start, and not quoted", (_, secret) => {
  let message = "";
  try {
    revokerWith(settings, new RecordedHttp({}), { secret });
  } catch (error) {
    message = error instanceof Error ? error.message : "";
  }
  expect(message).toContain("signing_key is no");
  expect(message).not.toContain(secret.slice(0, 5));
});

test("of a grant that was too long to keep, only a person can tell the receiver", async () => {
  const secret = pairs.EdDSA.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const revoker = revokerWith(settings, new RecordedHttp({}), { secret });
  expect(await revoker.revoke(target(`grant:https://idp.example/~/${"a".repeat(64)}`), never)).toMatchObject({
    kind: "impossible",
  });
});
