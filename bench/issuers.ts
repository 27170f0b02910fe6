/**
 * How long a key that was taken away is accepted: through an interceptor, and by the peer alone after its own revocation. Against a
 * real ContextForge (sign-out of a session) and a real Keycloak (a JWT that a server checks by its signature, with a life of
 * BENCH_JWT_SECONDS). Needs Java 17, Maven and Python 3.11. Prints a BenchResult as JSON.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { startContextForge } from "../infra/contextforge/contextforge.ts";
import { startKeycloak } from "../infra/keycloak/keycloak.ts";
import { type GuardedResource, guardResource } from "../test/support/guarded-resource.ts";
import type { BenchResult, Figure } from "./result.ts";

const CONTEXTFORGE_PORT = 20781;
const KEYCLOAK_PORT = 20782;
const RESOURCE_PORT = 20783;
const JWT_SECONDS = Number(process.env.BENCH_JWT_SECONDS ?? 60); // Keycloak's own default is five times as long
const GIVE_UP_MS = 120_000;
const ASK_EVERY_MS = 2;
const folder = mkdtempSync(join(tmpdir(), "tripline-issuers-bench-"));

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const figure = (name: string, value: number, unit: string, goal?: Figure["goal"]): Figure =>
  goal === undefined ? { name, value, unit } : { name, value, unit, goal };

/** ms until `ask` gives another status than 200, and how many calls got through until then. */
async function untilRefused(ask: () => Promise<number>): Promise<{ ms: number; calls: number }> {
  const started = performance.now();
  for (let calls = 0; performance.now() - started < GIVE_UP_MS; calls += 1) {
    if ((await ask()) !== 200) return { ms: performance.now() - started, calls };
    await delay(ASK_EVERY_MS);
  }
  throw new Error("it was never refused");
}

async function refusedThrough(guarded: GuardedResource, token: string, credential: string): Promise<number> {
  if ((await guarded.through(token)) !== 200) throw new Error("the key has to be good before");
  const revoked = guarded.revoke(credential); // counted from the request on: the decision is part of it
  const { ms } = await untilRefused(() => guarded.through(token));
  await revoked;
  return ms;
}

async function contextForge(): Promise<Figure[]> {
  const gateway = await startContextForge({ port: CONTEXTFORGE_PORT, dir: join(folder, "contextforge") });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${gateway.url}/auth/login`, {
    method: "POST",
    headers,
    body: JSON.stringify(gateway.admin),
  });
  const { access_token: session } = JSON.parse(await response.text());
  const guarded = await guardResource({
    issuer: "key:contextforge",
    resource: `${gateway.url}/rpc`,
    env: { PASSWORD: gateway.admin.password },
    identity: { api_keys: [{ issuer: "contextforge", keys: [{ id: "session", sha256: sha256(session) }] }] },
    revokers: `  - {name: cf, type: contextforge, url: "${gateway.url}", email: ${gateway.admin.email}, password: {env: PASSWORD}}\n`,
  });
  try {
    const ours = await refusedThrough(guarded, session, "key:contextforge/session");
    await fetch(`${gateway.url}/auth/logout`, {
      method: "POST",
      headers: { authorization: `Bearer ${session}` },
    });
    const peer = await untilRefused(() => guarded.past(session));
    return [
      figure("ContextForge session, through the interceptor: refused after", ours, "ms", { at_most: 100 }),
      figure("the same, ContextForge alone after sign-out: refused after", peer.ms, "ms"),
      figure("calls accepted meanwhile", peer.calls, ""),
    ];
  } finally {
    await guarded.dispose();
    await gateway.stop();
  }
}

async function keycloak(): Promise<Figure[]> {
  const server = await startKeycloak({ port: KEYCLOAK_PORT, dir: join(folder, "keycloak") });
  const issuer = `${server.url}/realms/bench`;
  const post = async (url: string, fields: Record<string, string>) => {
    const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields) });
    return JSON.parse(await response.text());
  };
  const admin = await post(`${server.url}/realms/master/protocol/openid-connect/token`, {
    grant_type: "password",
    client_id: "admin-cli",
    ...server.admin,
  });
  const client = { enabled: true, publicClient: false, secret: "s", serviceAccountsEnabled: true };
  await fetch(`${server.url}/admin/realms`, {
    method: "POST",
    headers: { authorization: `Bearer ${admin.access_token}`, "content-type": "application/json" },
    body: JSON.stringify({
      realm: "bench",
      enabled: true,
      accessTokenLifespan: JWT_SECONDS,
      clients: [
        { ...client, clientId: "agent" },
        { ...client, clientId: "tripline" },
      ],
      users: [
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
    }),
  });
  const keys = createRemoteJWKSet(new URL(`${issuer}/protocol/openid-connect/certs`));
  const resource = createServer(async (request, response) => {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    const valid = await jwtVerify(token, keys, { issuer }).then(
      () => true,
      () => false,
    );
    request.resume();
    response.writeHead(valid ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools: [] } }));
  });
  await new Promise<void>((resolve) => resource.listen(RESOURCE_PORT, "127.0.0.1", resolve));
  const guarded = await guardResource({
    issuer: `grant:${issuer}`,
    resource: `http://127.0.0.1:${RESOURCE_PORT}/mcp`,
    env: { SECRET: "s" },
    identity: { jwt: [{ issuer, audience: "account", jwks_url: `${issuer}/protocol/openid-connect/certs` }] },
    revokers: `  - {name: kc, type: keycloak, issuer: "${issuer}", client_id: tripline, client_secret: {env: SECRET}}\n`,
  });
  try {
    const made = await post(`${issuer}/protocol/openid-connect/token`, {
      grant_type: "client_credentials",
      client_id: "agent",
      client_secret: "s",
    });
    const token: string = made.access_token;
    const { sub, azp } = decodeJwt(token);
    const started = performance.now();
    const ours = await refusedThrough(guarded, token, `grant:${issuer}/${azp}/${sub}`);
    const isActive = async () => {
      const answer = await post(`${issuer}/protocol/openid-connect/token/introspect`, {
        token,
        client_id: "agent",
        client_secret: "s",
      });
      return answer.active === true ? 200 : 401;
    };
    await untilRefused(isActive);
    const introspected = performance.now() - started;
    const peer = await untilRefused(() => guarded.past(token));
    return [
      figure("Keycloak grant, through the interceptor: refused after", ours, "ms", { at_most: 100 }),
      figure("the same: Keycloak itself refuses it after", introspected, "ms"),
      figure(
        `the same, a server that trusts its JWT (life ${JWT_SECONDS} s): refused after`,
        performance.now() - started,
        "ms",
      ),
      figure("calls accepted meanwhile", peer.calls, ""),
    ];
  } finally {
    await guarded.dispose();
    resource.close();
    await server.stop();
  }
}

try {
  const result: BenchResult = {
    bench: "issuers",
    figures: [...(await contextForge()), ...(await keycloak())],
  };
  console.log(JSON.stringify(result));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
