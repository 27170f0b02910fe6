import { hash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentialId } from "@tripline/events";
import fc from "fast-check";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeServer, listenOnFreePort } from "../testing/upstream.ts";
import { createApiKeyProvider } from "./api-key.ts";
import { jwtSchema, loadIdentityConfig, parseIdentityConfig } from "./config.ts";
import { grantId } from "./credential.ts";
import { type Identity, type IdentityProvider, identify } from "./identity.ts";
import { createFileKeySet, createRemoteKeySet } from "./jwks.ts";
import { createJwtProvider } from "./jwt.ts";
import { createIdentityProviders } from "./providers.ts";

const ISSUER = "https://idp.example/realms/acme";
const NOW_S = 1_795_000_000;

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let otherKeys: Keys;
let keyFile: string;
const directory = mkdtempSync(join(tmpdir(), "identity-"));
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  keys = await generateKeyPair("ES256");
  otherKeys = await generateKeyPair("ES256");
  keyFile = join(directory, "jwks.json");
  writeFileSync(keyFile, await keySetText(keys, "k1"));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function keySetText(pair: Keys, kid: string): Promise<string> {
  return JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg: "ES256" }] });
}

function sign(claims: JWTPayload, pair = keys, kid = "k1"): Promise<string> {
  return new SignJWT({ iss: ISSUER, aud: "mcp", sub: "u-1", exp: NOW_S + 300, ...claims })
    .setProtectedHeader({ alg: "ES256", kid, typ: "at+jwt" })
    .sign(pair.privateKey);
}

const config = (more: object = {}): ReturnType<typeof jwtSchema.parse> =>
  jwtSchema.parse({ issuer: ISSUER, audience: "mcp", jwks_file: keyFile, ...more });

async function jwtProvider(more: object = {}): Promise<IdentityProvider> {
  const provider = createJwtProvider(config(more), createFileKeySet(keyFile), () => NOW_S * 1000);
  await provider.start?.();
  return provider;
}

async function ask(providers: IdentityProvider[], authorization: string): Promise<Identity> {
  return identify(providers, { authorization });
}

describe("API keys", () => {
  const provider = createApiKeyProvider({
    issuer: "acme",
    headers: ["Authorization", "X-API-Key"],
    keys: [
      { id: "ci/bot", sha256: hash("sha256", "secret-1", "hex"), agent: "ci", roles: ["deploy"] },
      { id: "two", sha256: hash("sha256", "secret-2", "hex") },
    ],
  });

  it("are found as Bearer token or in their header, by hash", () => {
    const found = provider.identify({ authorization: "bearer  secret-1" });
    expect(found).toEqual({
      kind: "caller",
      caller: {
        credential: "key:acme/ci/bot",
        assurance: "verified",
        agent: "ci",
        roles: ["deploy"],
        principal: undefined,
        team: undefined,
      },
    });
    expect(provider.identify({ "x-api-key": " secret-2 " })).toMatchObject({
      caller: { credential: "key:acme/two" },
    });
    expect(JSON.stringify(found)).not.toContain("secret");
  });

  it("are nobody's when unknown, in another header or scheme, or empty", () => {
    for (const headers of [
      { authorization: "secret-1" },
      { authorization: "Basic secret-1" },
      { "x-api-key": hash("sha256", "secret-1", "hex") },
      { "x-api-key": "" },
      { "x-other": "secret-1" },
    ]) {
      expect(provider.identify(headers)).toEqual({ kind: "none" });
    }
  });

  it("keep the caller object the same, so that what is derived from it is derived once", async () => {
    const caller = async (): Promise<unknown> =>
      (await identify([provider], { "x-api-key": "secret-1" })).caller;
    expect(await caller()).toBe(await caller());
  });
});

describe("JWTs", () => {
  it("give grant, token id, principal, agent, roles and delegation", async () => {
    const provider = await jwtProvider({ principal_claims: ["email", "sub"], team_claims: ["org.team"] });
    const token = await sign({
      azp: "cli",
      sid: "s/1",
      jti: "t-9",
      email: "ann@example.com",
      org: { team: "payments" },
      realm_access: { roles: ["ops", "dev"] },
      act: { sub: "agent-7", act: { sub: "gateway" } },
    });
    const { caller, invalid } = await ask([provider], `Bearer ${token}`);
    expect(caller).toEqual({
      credential: `grant:${ISSUER}/cli/u-1/s%2F1`,
      assurance: "verified",
      tokenId: "t-9",
      principal: "ann@example.com",
      agent: "agent-7",
      team: "payments",
      roles: ["ops", "dev"],
      delegation: ["agent-7", "gateway"],
    });
    expect(invalid).toBeUndefined();
  });

  it("name no principal when a client speaks for itself", async () => {
    const provider = await jwtProvider();
    const token = await sign({ sub: "svc", client_id: "svc" });
    const { caller } = await ask([provider], `Bearer ${token}`);
    expect(caller).toMatchObject({ credential: `grant:${ISSUER}/svc/svc`, agent: "svc" });
    expect(caller.principal).toBeUndefined();
  });

  it("are invalid when expired, early, for somebody else, wrongly or not signed", async () => {
    const provider = await jwtProvider();
    const unsigned = new UnsecuredJWT({ iss: ISSUER, aud: "mcp", sub: "u-1" }).encode();
    const hmac = await new SignJWT({ iss: ISSUER, aud: "mcp", sub: "u-1" })
      .setProtectedHeader({ alg: "HS256", kid: "k1" })
      .sign(new TextEncoder().encode("x".repeat(32)));
    for (const [token, reason] of [
      [await sign({ exp: NOW_S - 60 }), "expired"],
      [await sign({ nbf: NOW_S + 60 }), "nbf"],
      [await sign({ aud: "other" }), "aud"],
      [await sign({}, otherKeys), "signature"],
      [await sign({}, keys, "k2"), "key that is not known"],
      [unsigned, "signature or form"],
      [hmac, "signature or form"],
      [await sign({ sub: "" }), "neither a subject nor a client"],
    ] as const) {
      const { caller, invalid } = await ask([provider], `Bearer ${token}`);
      expect(caller.assurance).toBe("unknown");
      expect(invalid).toContain(reason);
      expect(invalid).not.toContain(token);
    }
  });

  it("of other issuers, and what is no JWT, are left to others", async () => {
    const provider = await jwtProvider();
    for (const token of [await sign({ iss: "https://other.example" }), "a.b.c", "opaque", "a.b"]) {
      expect(await ask([provider], `Bearer ${token}`)).toMatchObject({ all: [], invalid: undefined });
    }
  });

  it("are remembered until they end", async () => {
    let nowS = NOW_S;
    const provider = createJwtProvider(config(), createFileKeySet(keyFile), () => nowS * 1000);
    await provider.start?.();
    const headers = { authorization: `Bearer ${await sign({ exp: NOW_S + 10 })}` };
    const first = await provider.identify(headers);
    const second = provider.identify(headers);
    expect(second).toEqual(first);
    expect(second).not.toBeInstanceOf(Promise);
    nowS += 16; // past exp and the tolerance of 5 s
    expect(await provider.identify(headers)).toMatchObject({ kind: "invalid" });
  });

  it("are checked with keys that the issuer published after we started", async () => {
    let text = await keySetText(keys, "k1");
    let fetches = 0;
    const server = createServer((_request, response) => {
      fetches += 1;
      response.end(text);
    });
    const url = await listenOnFreePort(server);
    closers.push(() => closeServer(server));
    let clock = 0;
    const keySet = createRemoteKeySet(
      url,
      () => undefined,
      () => clock,
    );
    closers.push(() => keySet.stop());
    const provider = createJwtProvider(config(), keySet, () => NOW_S * 1000);
    await provider.start?.();
    text = await keySetText(otherKeys, "k2");
    const rotated = `Bearer ${await sign({}, otherKeys, "k2")}`;
    expect((await ask([provider], rotated)).invalid).toContain("not known"); // asked just now
    clock += 31_000;
    expect((await ask([provider], rotated)).caller.assurance).toBe("verified");
    expect((await ask([provider], `Bearer ${await sign({})}`)).invalid).toContain("not known");
    expect(fetches).toBe(2);
  });

  it("are invalid, not an error, while the issuer can't be reached; somebody hears of it", async () => {
    const server = createServer();
    const url = await listenOnFreePort(server);
    await closeServer(server);
    const heard: string[] = [];
    const keySet = createRemoteKeySet(url, (error) => heard.push(error.code));
    closers.push(() => keySet.stop());
    const provider = createJwtProvider(config(), keySet, () => NOW_S * 1000);
    await provider.start?.();
    expect((await ask([provider], `Bearer ${await sign({})}`)).invalid).toContain("not known");
    expect(heard).toEqual(["TRIPLINE_IDENTITY_JWKS"]);
  });
});

describe("grant ids", () => {
  it("are valid credential ids, whatever the claims, and differ when the claims differ", () => {
    const claim = fc.string({ unit: "binary", minLength: 1, maxLength: 300 });
    const grant = fc.tuple(claim, claim, fc.option(claim, { nil: undefined }));
    fc.assert(
      fc.property(grant, grant, (a, b) => {
        const [idA, idB] = [grantId(ISSUER, ...a), grantId(ISSUER, ...b)];
        expect(credentialId.safeParse(idA).success).toBe(true);
        const wellFormed = (one: typeof a): string => JSON.stringify(one.map((part) => part?.toWellFormed()));
        expect(idA === idB).toBe(wellFormed(a) === wellFormed(b));
      }),
    );
    expect(grantId(ISSUER, "a", "b/c")).not.toBe(grantId(ISSUER, "a", "b", "c"));
  });
});

describe("the identity file", () => {
  it("is read with defaults, and makes providers that work side by side", async () => {
    const file = join(directory, "identity.json");
    writeFileSync(
      file,
      JSON.stringify({
        api_keys: [{ issuer: "acme", keys: [{ id: "a", sha256: hash("sha256", "secret-1", "hex") }] }],
        jwt: [{ issuer: ISSUER, audience: ["mcp"], jwks_file: keyFile }],
      }),
    );
    const loaded = loadIdentityConfig(file);
    expect(loaded.require_identity).toBe(false);
    const providers = createIdentityProviders(loaded, () => undefined);
    await Promise.all(providers.map((provider) => provider.start?.()));
    expect((await ask(providers, "Bearer secret-1")).caller.credential).toBe("key:acme/a");
    const token = await sign({ azp: "cli", exp: Math.floor(Date.now() / 1000) + 60 });
    expect((await ask(providers, `Bearer ${token}`)).caller.credential).toBe(`grant:${ISSUER}/cli/u-1`);
  });

  it.each([
    [
      { api_keys: [{ issuer: "a/b", keys: [] }] },
      "api_keys.0.issuer: expected a name without spaces or slashes",
    ],
    [
      { api_keys: [{ issuer: "acme", keys: [{ id: "a", sha256: "my-secret-key" }] }] },
      "api_keys.0.keys.0.sha256: expected the SHA-256",
    ],
    [{ jwt: [{ issuer: ISSUER, audience: "mcp" }] }, "jwt.0.jwks_url: expected either jwks_url or jwks_file"],
    [
      { jwt: [{ issuer: ISSUER, audience: "mcp", jwks_file: "x", algorithms: ["HS256"] }] },
      "jwt.0.algorithms.0",
    ],
    [{ "my-secret-key": 1 }, "the top: has a key that is not known here"],
    [
      { api_keys: [{ issuer: "x", keys: ["a", "b"].map((id) => ({ id, sha256: "0".repeat(64) })) }] },
      "the same key belongs to x/a",
    ],
  ])("is refused with the place and what is allowed, and without what was found", (value, message) => {
    const attempt = (): unknown => parseIdentityConfig(value, "identity.json");
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow("my-secret-key");
    expect(attempt).toThrow(expect.objectContaining({ code: "TRIPLINE_IDENTITY_CONFIG" }));
  });

  it("says when it can't be read or is no JSON, without quoting it", () => {
    expect(() => loadIdentityConfig(join(directory, "absent.json"))).toThrow("it can't be read");
    const file = join(directory, "broken.json");
    writeFileSync(file, '{"keys": my-secret-key');
    expect(() => loadIdentityConfig(file)).toThrow(/it is not JSON$/);
  });
});
