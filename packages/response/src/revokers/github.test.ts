import { createPublicKey } from "node:crypto";
import { exportJWK, importJWK, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { NOW, never, type Recorded, RecordedHttp, revokerWith, target } from "./testing/recorded-http.ts";
import { SAMPLES, type Sample } from "./testing/samples.ts";

function opened(type: string, answers?: Recorded, more: Record<string, unknown> = {}) {
  const sample: Sample | undefined = SAMPLES[type];
  if (sample === undefined) throw new Error(type);
  const http = new RecordedHttp(answers ?? sample.answers);
  return {
    http,
    sample,
    subject: target(sample.subject),
    revoker: revokerWith({ ...sample.settings, ...more }, http, sample),
  };
}

test("an exposed token is handed to GitHub without authentication, which it would refuse", async () => {
  const { http, revoker, subject } = opened("github_token");
  expect(await revoker.revoke(subject, never)).toMatchObject({ kind: "done" });
  expect(http.sent[0]?.headers).not.toHaveProperty("authorization");
  expect(JSON.parse(http.sent[0]?.body ?? "")).toEqual({ credentials: [expect.any(String)] });
  expect(revoker.reinstate).toBeUndefined();
});

describe("an app's user token", () => {
  test("ends with its grant by the app's own id and secret", async () => {
    const { http, revoker, subject } = opened("github_app_token");
    expect(await revoker.revoke(subject, never)).toEqual({ kind: "done" });
    expect(http.sent[0]).toMatchObject({ method: "DELETE", body: '{"access_token":"gho_x"}' });
    expect(http.sent[0]?.headers?.authorization).toMatch(/^Basic /);
  });
  test.each([404, 422])("%d means dead only when the token is not let in", async (status) => {
    const path = "DELETE /applications/Iv1.abc/grant";
    const dead = opened("github_app_token", { [path]: { status }, "GET /user": { status: 401 } });
    expect(await dead.revoker.revoke(dead.subject, never)).toEqual({ kind: "done", already: true });
    const alive = opened("github_app_token", { [path]: { status }, "GET /user": { status: 200 } });
    expect(await alive.revoker.revoke(alive.subject, never)).toMatchObject({ kind: "refused" });
  });
});

describe("an organization's fine-grained token", () => {
  test("is revoked by an app that signs in with a JWT another library accepts", async () => {
    const { http, revoker, subject, sample } = opened("github_org_token");
    expect(await revoker.revoke(subject, never)).toMatchObject({ kind: "done" });
    const jwt = http.sent[0]?.headers?.authorization?.slice("Bearer ".length) ?? "";
    const key = await importJWK(await exportJWK(createPublicKey(sample.secret ?? "")), "RS256");
    const { payload } = await jwtVerify(jwt, key, { algorithms: ["RS256"], currentDate: new Date(NOW) });
    expect(payload).toMatchObject({ iss: "12", iat: NOW / 1000 - 60 });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(600);
    expect(http.sent[1]).toMatchObject({ body: '{"action":"revoke"}' });
    expect(http.sent[1]?.headers?.authorization).toBe("Bearer ghs_x");
    await revoker.probe(subject, never);
    expect(http.whats().filter((what) => what.includes("access_tokens"))).toHaveLength(1);
  });
  test("a token that the organization does not know was perhaps never revoked", async () => {
    const { revoker, subject } = opened("github_org_token", {
      "POST /app/installations/34/access_tokens": { status: 201, body: { token: "ghs_x" } },
      "POST /orgs/acme/personal-access-tokens/25381": { status: 404 },
    });
    expect(await revoker.revoke(subject, never)).toMatchObject({ kind: "refused" });
  });
  test("a name in place of a pat_id needs a person or the settings", async () => {
    const { revoker } = opened("github_org_token");
    expect(await revoker.revoke(target("key:github/ci"), never)).toMatchObject({ kind: "impossible" });
  });
});
