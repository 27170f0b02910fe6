import { TOPICS } from "@tripline/events";
import { verifyRevocation } from "@tripline/response";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { anId, FakeInterceptor } from "./enforcement/testing/events.ts";
import { anAlert, Bench } from "./testing/bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create(20730, "automatic_revocation: {rules: {send: {enabled: true}}}\n");
  await bench.start();
});
afterEach(() => bench.remove());

const RESPOND = { roles: ["respond"] as const, id: "ana" };
const REVOKE = { scope: "credential", subject: "local:demo", reason: "laptop stolen" };

test("by hand: a signed entry in the answer and in the topic, and a record that names who and why", async () => {
  const answer = await bench.call(RESPOND, "POST", "/api/revocations", REVOKE);
  expect(answer.status).toBe(201);
  const entry = verifyRevocation(answer.body, bench.responder.publicKeys);
  expect(entry).toMatchObject({ ...REVOKE, tenant: "acme", state: "active", by: "ana" });
  expect(bench.revocations).toEqual([answer.body]);
  expect(bench.decisions).toMatchObject([
    {
      tenant: "acme",
      decision: { kind: "revoked", by: "ana", reason: "laptop stolen", revocation_id: entry.id },
    },
  ]);
});

test("the answer names the calls that were under way, of that subject alone", async () => {
  const gateway = new FakeInterceptor("gw-1");
  const intents = [gateway.intent(anId(), { tool: "wire" }), gateway.intent(anId(), { server: "files" })];
  await bench.log.produce(TOPICS.events, intents);
  await waitFor(async () => /watch_batch_seconds_count\{[^}]*\} [1-9]/.test(await bench.metrics()));
  const server = await bench.call(RESPOND, "POST", "/api/revocations", {
    ...REVOKE,
    scope: "server",
    subject: "mail",
  });
  expect(server.body.in_flight).toMatchObject([{ server: "mail", tool: "wire" }]);
});

test("a secret that somebody types is in no entry and no record, and the reason is still told", async () => {
  const canary = ["sk", "ant", "CanaryCanary0123456789CanaryCanary"].join("-");
  const reason = `he pasted ${canary} into a chat`;
  const made = await bench.call(RESPOND, "POST", "/api/revocations", { ...REVOKE, reason });
  expect(made.status).toBe(201);
  const path = `/api/revocations/${made.body.id}/reinstate`;
  expect((await bench.call(RESPOND, "POST", path, { reason })).status).toBe(200);
  const told = expect.stringMatching(/^he pasted ⟨model_key:[A-Za-z0-9_-]+\.[0-9a-f]{16}⟩ into a chat$/);
  await waitFor(() => bench.decisions.length === 2, { what: "both decisions" });
  expect(bench.decisions).toMatchObject([
    { decision: { kind: "revoked", reason: told } },
    { decision: { kind: "reinstated", reason: told } },
  ]);
  expect(bench.revocations).toMatchObject([{ reason: told }, { reason: told }]);

  const subject = `local:${canary}`;
  const refused = await bench.call(RESPOND, "POST", "/api/revocations", { ...REVOKE, subject });
  expect(refused).toMatchObject({ status: 400, body: { error: { code: "TRIPLINE_SUBJECT_SECRET" } } });
  const rule = await bench.call({ roles: ["administer"] }, "PUT", `/api/response/rules/${canary}`, {
    enabled: true,
  });
  expect(rule.status).toBe(400);
  expect(
    JSON.stringify([bench.decisions, bench.revocations, refused, rule, await bench.yaml()]),
  ).not.toContain("CanaryCanary");
});

test("reinstating lifts its own entry and says what else still refuses", async () => {
  const [first, second] = [
    await bench.call(RESPOND, "POST", "/api/revocations", REVOKE),
    await bench.call(RESPOND, "POST", "/api/revocations", REVOKE),
  ];
  const path = `/api/revocations/${first.body.id}/reinstate`;
  const answer = await bench.call({ ...RESPOND, id: "ben" }, "POST", path, { reason: "found" });
  expect(answer).toMatchObject({
    status: 200,
    body: { state: "reinstated", still_refused_by: [second.body.id] },
  });
  expect(bench.revocations.at(-1)).toMatchObject({
    id: first.body.id,
    state: "reinstated",
    reason: "laptop stolen",
  });
  expect(bench.decisions.at(-1)).toMatchObject({
    decision: { kind: "reinstated", by: "ben", reason: "found" },
  });
  expect(verifyRevocation(bench.revocations.at(-1), bench.responder.publicKeys).id).toBe(first.body.id);
  expect((await bench.call(RESPOND, "POST", path, { reason: "again" })).status).toBe(409);
});

test("an entry that the policy wrote is reinstated the same way, by its alert's id", async () => {
  const alert = anAlert();
  await bench.alert(alert);
  await bench.decided(alert);
  const answer = await bench.call(RESPOND, "POST", `/api/revocations/${alert.id}/reinstate`, {
    reason: "fine",
  });
  expect(answer).toMatchObject({ status: 200, body: { id: alert.id, by: "policy", state: "reinstated" } });
});

describe("who may", () => {
  test.each([[["read"]], [["read", "read_payload", "administer"]], [[]]] as const)(
    "not with %j",
    async (roles) => {
      expect((await bench.call({ roles }, "POST", "/api/revocations", REVOKE)).status).toBe(403);
      expect(
        (await bench.call({ roles }, "POST", "/api/revocations/x/reinstate", { reason: "r" })).status,
      ).toBe(403);
      expect(bench.revocations).toEqual([]);
    },
  );
  test("not without a token", async () => {
    const response = await fetch("http://127.0.0.1:20730/api/revocations", { method: "POST" });
    expect(response.status).toBe(401);
  });
  test("not for another tenant, nor does one learn that there is something", async () => {
    const alert = anAlert();
    await bench.alert(alert);
    await bench.decided(alert);
    const stranger = { ...RESPOND, tenant: "other" };
    const path = `/api/revocations/${alert.id}/reinstate`;
    expect((await bench.call(stranger, "POST", path, { reason: "r" })).status).toBe(404);
    const own = await bench.call(stranger, "POST", "/api/revocations", REVOKE);
    expect(own.body.tenant).toBe("other");
    expect(
      (await bench.call(stranger, "POST", "/api/revocations", { ...REVOKE, tenant: "acme" })).status,
    ).toBe(400);
    const lifted = await bench.call(stranger, "POST", `/api/revocations/${own.body.id}/reinstate`, {
      reason: "r",
    });
    expect(lifted.body.still_refused_by).toEqual([]);
  });
});

describe("what is refused, with its place", () => {
  test.each([
    [{ subject: "demo" }, "body/subject"],
    [{ scope: "tool", subject: "send" }, "server/tool"],
    [{ scope: "all" }, "body/scope"],
    [{ reason: "" }, "body/reason"],
    [{ reason: "a\u001b[2Jb" }, "control characters"],
    [{ expires_at: "2020-01-01T00:00:00Z" }, "expected a time to come"],
    [{ expires_at: "tomorrow" }, "body/expires_at"],
  ])("%j", async (change, message) => {
    const answer = await bench.call(RESPOND, "POST", "/api/revocations", { ...REVOKE, ...change });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(message.replace("body/", ""));
    expect(bench.revocations).toEqual([]);
  });
});

test("not before the responder knows what was revoked, nor after it has stopped", async () => {
  const part = bench.responder.part;
  await part.stop();
  expect((await bench.call(RESPOND, "POST", "/api/revocations", REVOKE)).status).toBe(503);
  expect((await bench.call({ roles: ["read"] }, "GET", "/api/response")).status).toBe(503);
});
