import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttp, createRevoker, revokerSchema } from "@tripline/response";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ContextForge, startContextForge } from "../infra/contextforge/contextforge.ts";
import { type GuardedResource, guardResource } from "./support/guarded-resource.ts";
import { requirement } from "./support/requirements.ts";
import { waitFor } from "./support/wait-for.ts";

/** Against a real IBM ContextForge, which is the server behind the interceptor and the issuer of its tokens. */

const PORT = 20775;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe.skipIf(requirement("python").missing)("ContextForge", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-contextforge-"));
  let gateway: ContextForge;
  let guarded: GuardedResource;
  const made: Record<string, { id: string; token: string }> = {};
  let session: string;

  beforeAll(async () => {
    gateway = await startContextForge({ port: PORT, dir: folder });
    session = await signIn(gateway);
    for (const name of ["ci", "other", "mine"]) made[name] = await makeToken(gateway, session, name);
    const keys = Object.entries(made).map(([name, { token }]) => ({ id: name, sha256: sha256(token) }));
    guarded = await guardResource({
      issuer: "key:contextforge",
      resource: `${gateway.url}/rpc`,
      env: { CONTEXTFORGE_PASSWORD: gateway.admin.password },
      identity: {
        api_keys: [{ issuer: "contextforge", keys: [...keys, { id: "session", sha256: sha256(session) }] }],
      },
      revokers: `  - name: contextforge
    type: contextforge
    url: ${gateway.url}
    email: ${gateway.admin.email}
    password: {env: CONTEXTFORGE_PASSWORD}
    ids: {ci: ${made.ci?.id}, other: ${made.other?.id}, mine: ${made.mine?.id}}
`,
    });
  }, 900_000);
  afterAll(async () => {
    await guarded?.dispose();
    await gateway?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const tokenOf = (name: string): string => made[name]?.token ?? "";

  test("an API token: refused at the door at once, revoked and seen to be dead at ContextForge", async () => {
    expect(await guarded.through(tokenOf("ci"))).toBe(200);
    const id = await guarded.revoke("key:contextforge/ci");
    await waitFor(async () => (await guarded.through(tokenOf("ci"))) === 403, { what: "the refusal" });
    const decisions = await guarded.decided(id, "upstream_verified");
    expect(decisions.map(({ kind }) => kind)).toContain("upstream_acknowledged");
    expect(await guarded.past(tokenOf("ci"))).toBe(401);
    expect(await guarded.past(tokenOf("other"))).toBe(200);
    expect(await guarded.through(tokenOf("other"))).toBe(200);

    await guarded.reinstate(id);
    const lifted = (await guarded.decided(id, "upstream_reinstated")).find(
      ({ kind }) => kind === "upstream_reinstated",
    );
    expect(lifted?.reason).toContain("stays dead");
    await waitFor(async () => (await guarded.through(tokenOf("ci"))) === 401, {
      what: "the gateway's own refusal",
    });
  });

  test("a session that was signed out goes on at ContextForge, and not through the interceptor", async () => {
    expect(await guarded.through(session)).toBe(200);
    const id = await guarded.revoke("key:contextforge/session");
    await waitFor(async () => (await guarded.through(session)) === 403, { what: "the refusal" });
    const response = await fetch(`${gateway.url}/auth/logout`, {
      method: "POST",
      headers: { authorization: `Bearer ${session}` },
    });
    expect(response.status).toBe(200);
    expect(await guarded.past(session)).toBe(200); // for some 30 s: `npm run bench -- issuers` measures it
    // Its id is no token of ContextForge, so nobody claims that it is dead there.
    const failed = (await guarded.decided(id, "upstream_failed")).find(
      ({ kind }) => kind === "upstream_failed",
    );
    expect(failed?.reason).toContain("knows no such token");
    await waitFor(async () => {
      const { alerts } = await guarded.tripline.json<{ alerts: { rule_id: string }[] }>("/api/alerts");
      return alerts.some((alert) => alert.rule_id === "key-still-accepted");
    });
  });

  test("revoked by its owner before we came: nothing breaks, although ContextForge answers a second revocation with an error", async () => {
    const admin = await signIn(gateway);
    const remove = () =>
      fetch(`${gateway.url}/tokens/${made.mine?.id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${admin}` },
      });
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(409);
    const id = await guarded.revoke("key:contextforge/mine");
    const decisions = await guarded.decided(id, "upstream_verified");
    expect(decisions.find(({ kind }) => kind === "upstream_acknowledged")?.reason).toContain("already");
  });

  test("a wrong password is told as such, and not quoted", async () => {
    const settings = {
      name: "cf",
      type: "contextforge",
      url: gateway.url,
      email: gateway.admin.email,
      password: { env: "X" },
    };
    const revoker = createRevoker(revokerSchema.parse(settings), {
      http: createHttp({ allowInternal: ["127.0.0.1"] }),
      secret: () => "not-the-password",
      file: () => undefined,
      now: Date.now,
    });
    const subject = `key:contextforge/${made.other?.id}`;
    const target = {
      id: "r",
      tenant: "t",
      scope: "credential",
      subject,
      by: "policy",
      reason: "r",
      decidedAt: "",
    } as const;
    const outcome = await revoker.revoke(target, new AbortController().signal);
    expect(outcome.kind).toBe("refused");
    expect(JSON.stringify(outcome)).not.toContain("not-the-password");
  });
});

async function signIn({ url, admin }: ContextForge): Promise<string> {
  const response = await fetch(`${url}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(admin),
  });
  return JSON.parse(await response.text()).access_token;
}

async function makeToken(
  { url }: ContextForge,
  session: string,
  name: string,
): Promise<{ id: string; token: string }> {
  const response = await fetch(`${url}/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${session}`, "content-type": "application/json" },
    body: JSON.stringify({ name, expires_in_days: 1 }),
  });
  const answer = JSON.parse(await response.text());
  return { id: answer.token.id, token: answer.access_token };
}
