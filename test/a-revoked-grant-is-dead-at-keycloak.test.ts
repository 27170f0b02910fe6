import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttp, createRevoker, revokerSchema } from "@tripline/response";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Keycloak, startKeycloak } from "../infra/keycloak/keycloak.ts";
import { type GuardedResource, guardResource } from "./support/guarded-resource.ts";
import { requirement } from "./support/requirements.ts";
import { waitFor } from "./support/wait-for.ts";

/** Against a real Keycloak, and a server that trusts its tokens by their signature, as most do. */

const PORT = 20771;
const RESOURCE_PORT = 20772;
const SECRETS = { agent: "agent-secret", laid: "laid-secret", tripline: "tripline-secret" };

interface Tokens {
  access_token: string;
  refresh_token: string;
  error?: string;
}

describe.skipIf(requirement("keycloak").missing)("Keycloak", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-keycloak-"));
  const ISSUER = `http://127.0.0.1:${PORT}/realms/acme`;
  let keycloak: Keycloak;
  let resource: Server;
  let guarded: GuardedResource;

  beforeAll(async () => {
    keycloak = await startKeycloak({ port: PORT, dir: folder });
    await makeRealm(keycloak);
    resource = await startResource(ISSUER);
    guarded = await guardResource({
      issuer: `grant:${ISSUER}`,
      resource: `http://127.0.0.1:${RESOURCE_PORT}/mcp`,
      env: { KEYCLOAK_SECRET: SECRETS.tripline, LAID_SECRET: SECRETS.laid },
      identity: {
        jwt: [{ issuer: ISSUER, audience: "account", jwks_url: `${ISSUER}/protocol/openid-connect/certs` }],
      },
      revokers: `  - name: keycloak
    type: keycloak
    issuer: ${ISSUER}
    client_id: tripline
    client_secret: {env: KEYCLOAK_SECRET}
`,
    });
  }, 600_000);
  afterAll(async () => {
    await guarded?.dispose();
    await new Promise((resolve) => (resource === undefined ? resolve(null) : resource.close(resolve)));
    await keycloak?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const token = async (fields: Record<string, string>, client = "agent"): Promise<Tokens> => {
    const secret = client === "agent" ? SECRETS.agent : SECRETS.laid;
    const body = new URLSearchParams({ client_id: client, client_secret: secret, ...fields });
    const response = await fetch(`${ISSUER}/protocol/openid-connect/token`, { method: "POST", body });
    return JSON.parse(await response.text());
  };
  const signIn = (client?: string): Promise<Tokens> =>
    token({ grant_type: "password", username: "ana", password: "pw", scope: "openid" }, client);
  const isActive = async (access: string): Promise<boolean> => {
    const body = new URLSearchParams({ token: access, client_id: "agent", client_secret: SECRETS.agent });
    const response = await fetch(`${ISSUER}/protocol/openid-connect/token/introspect`, {
      method: "POST",
      body,
    });
    return JSON.parse(await response.text()).active;
  };
  const grantOf = (access: string): string => {
    const { azp, sub, sid } = decodeJwt(access);
    return `grant:${ISSUER}/${azp}/${sub}${sid === undefined ? "" : `/${sid}`}`;
  };

  test("a person's grant: refused at the door at once, dead at Keycloak when it says so, and alive only where the JWT alone is trusted", async () => {
    const [stolen, other] = [await signIn(), await signIn()];
    expect(await guarded.through(stolen.access_token)).toBe(200);
    const id = await guarded.revoke(grantOf(stolen.access_token));
    await waitFor(async () => (await guarded.through(stolen.access_token)) === 403, { what: "the refusal" });

    const decisions = await guarded.decided(id, "upstream_verified");
    expect(decisions.map(({ kind }) => kind)).toContain("upstream_acknowledged");
    expect(await isActive(stolen.access_token)).toBe(false);
    const refreshed = await token({ grant_type: "refresh_token", refresh_token: stolen.refresh_token });
    expect(refreshed.error).toBe("invalid_grant");
    // Past the interceptor the token is good until it expires: nobody asks Keycloak.
    expect(await guarded.past(stolen.access_token)).toBe(200);
    // The same person's other session was not touched.
    expect(await isActive(other.access_token)).toBe(true);
    expect(await guarded.through(other.access_token)).toBe(200);
  });

  test("a service account: no new token, the old one dead, and reinstating does not bring the old one back", async () => {
    const stolen = (await token({ grant_type: "client_credentials" })).access_token;
    const grant = grantOf(stolen);
    expect(decodeJwt(stolen).sid).toBeUndefined();
    const id = await guarded.revoke(grant);
    await guarded.decided(id, "upstream_verified");
    expect(await isActive(stolen)).toBe(false);
    expect((await token({ grant_type: "client_credentials" })).error).toBe("invalid_request");

    await guarded.reinstate(id);
    const lifted = await guarded.decided(id, "upstream_reinstated");
    expect(lifted).toContainEqual(expect.objectContaining({ kind: "upstream_reinstated", via: "keycloak" }));
    const fresh = (await token({ grant_type: "client_credentials" })).access_token;
    expect(await isActive(fresh)).toBe(true);
    expect(await isActive(stolen)).toBe(false);
    await waitFor(async () => (await guarded.through(fresh)) === 200, { what: "the fresh token to pass" });
  });

  test("any server's way (RFC 7009, RFC 7662): by the tokens that somebody laid down, and only for their own client", async () => {
    const tokens = join(folder, "tokens");
    mkdirSync(tokens);
    const revoker = (client: "agent" | "laid") =>
      createRevoker(
        revokerSchema.parse({
          name: "idp",
          type: "oauth",
          issuer: ISSUER,
          revocation_endpoint: `${ISSUER}/protocol/openid-connect/revoke`,
          introspection_endpoint: `${ISSUER}/protocol/openid-connect/token/introspect`,
          client_id: client,
          client_secret: { env: client },
          tokens: { directory: tokens },
        }),
        {
          http: createHttp({ allowInternal: ["127.0.0.1"] }),
          secret: ({ env }) => (env === "agent" ? SECRETS.agent : SECRETS.laid),
          file: (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
          now: Date.now,
        },
      );
    const { access_token, refresh_token } = await signIn("laid");
    const subject = grantOf(access_token);
    const target = {
      id: "r",
      tenant: "t",
      scope: "credential",
      subject,
      by: "policy",
      reason: "r",
      decidedAt: "",
    } as const;
    const { signal } = new AbortController();
    const file = join(tokens, createHash("sha256").update(subject).digest("hex"));

    expect(await revoker("laid").revoke(target, signal)).toMatchObject({ kind: "impossible" });
    writeFileSync(file, `${refresh_token}\n${access_token}\n`);
    expect(await revoker("laid").probe(target, signal)).toBe("accepted");
    expect(await revoker("agent").revoke(target, signal)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("another client"),
    });
    expect(await revoker("laid").probe(target, signal)).toBe("accepted");
    expect(await revoker("laid").revoke(target, signal)).toMatchObject({ kind: "done" });
    expect(await revoker("laid").probe(target, signal)).toBe("refused");
    expect(await revoker("laid").revoke(target, signal)).toMatchObject({ kind: "done" });

    // Garbage is answered with 200 as well: what was said to be done is not taken for done.
    const alive = await signIn("laid");
    writeFileSync(file, "garbage\n");
    expect(await revoker("laid").revoke(target, signal)).toMatchObject({ kind: "done" });
    writeFileSync(file, `${alive.access_token}\n`);
    expect(await revoker("laid").probe(target, signal)).toBe("accepted");
  });

  test("what Keycloak itself does when a user is disabled and enabled: the old token is alive again", async () => {
    const old = (await token({ grant_type: "client_credentials" })).access_token;
    const admin = await adminOf(keycloak);
    const path = `/acme/users/${decodeJwt(old).sub}`;
    const user = JSON.parse(await (await admin("GET", path)).text());
    await admin("PUT", path, { ...user, enabled: false });
    expect(await isActive(old)).toBe(false);
    await admin("PUT", path, { ...user, enabled: true });
    expect(await isActive(old)).toBe(true);
  });

  test("a client that may not manage users: on-call is told what to mend", async () => {
    const settings = {
      name: "kc",
      type: "keycloak",
      issuer: ISSUER,
      client_id: "agent",
      client_secret: { env: "x" },
    };
    const revoker = createRevoker(revokerSchema.parse(settings), {
      http: createHttp({ allowInternal: ["127.0.0.1"] }),
      secret: () => SECRETS.agent,
      file: () => undefined,
      now: Date.now,
    });
    const subject = grantOf((await signIn()).access_token);
    const target = {
      id: "r",
      tenant: "t",
      scope: "credential",
      subject,
      by: "policy",
      reason: "r",
      decidedAt: "",
    } as const;
    const { signal } = new AbortController();
    expect(await revoker.revoke(target, signal)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("403: it does not let Tripline do this"),
    });
    expect(await revoker.probe(target, signal)).toBe("unknown");
  });
});

type Admin = (method: string, path: string, body?: object) => Promise<Response>;

async function adminOf({ url, admin }: Keycloak): Promise<Admin> {
  const body = new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...admin });
  const signedIn = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body,
  });
  const { access_token } = JSON.parse(await signedIn.text());
  return async (method, path, sent) => {
    const response = await fetch(`${url}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    });
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response;
  };
}

async function makeRealm(keycloak: Keycloak): Promise<void> {
  const admin = await adminOf(keycloak);
  const client = {
    enabled: true,
    publicClient: false,
    directAccessGrantsEnabled: true,
    serviceAccountsEnabled: true,
  };
  await admin("POST", "", {
    realm: "acme",
    enabled: true,
    accessTokenLifespan: 300,
    clients: [
      { ...client, clientId: "agent", secret: SECRETS.agent },
      { ...client, clientId: "laid", secret: SECRETS.laid },
      { ...client, clientId: "tripline", secret: SECRETS.tripline },
    ],
    users: [
      {
        username: "ana",
        enabled: true,
        email: "ana@acme.example",
        emailVerified: true,
        firstName: "Ana",
        lastName: "A",
        realmRoles: ["default-roles-acme"],
        credentials: [{ type: "password", value: "pw", temporary: false }],
      },
      {
        username: "service-account-agent",
        enabled: true,
        serviceAccountClientId: "agent",
        clientRoles: { account: ["view-profile"] },
      },
      {
        username: "service-account-tripline",
        enabled: true,
        serviceAccountClientId: "tripline",
        clientRoles: { "realm-management": ["manage-users", "view-clients"] },
      },
    ],
  });
}

/** An MCP server of sorts that checks a token's signature, issuer and time, and asks nobody. */
async function startResource(issuer: string): Promise<Server> {
  const keys = createRemoteJWKSet(new URL(`${issuer}/protocol/openid-connect/certs`));
  const server = createServer(async (request, response) => {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    const valid = await jwtVerify(token, keys, { issuer }).then(
      () => true,
      () => false,
    );
    request.resume();
    response.writeHead(valid ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools: [] } }));
  });
  await new Promise<void>((resolve) => server.listen(RESOURCE_PORT, "127.0.0.1", resolve));
  return server;
}
