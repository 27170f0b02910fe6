import { type Alert, TOPICS, type Triage, triageSchema } from "@tripline/events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { anAlert, Bench } from "../testing/bench.ts";

const PORT = 20790;
const YAML = `
approval: {people: 2, scopes: [server], rules: [send], lapses_after: 1h, tenants: [acme, other]}
automatic_revocation:
  rules: {send: {enabled: true, expires_after: 2h}}
`;
const HOUR_MS = 3600_000;

let bench: Bench;
let triage: Triage[];
beforeEach(async () => {
  bench = await Bench.create(PORT, YAML);
  triage = [];
  await bench.log.consume({
    topic: TOPICS.triage,
    group: "test",
    onAssigned: async () => ({
      startAt: 0,
      onBatch: async (records) => {
        for (const { value } of records) {
          triage.push(triageSchema.parse(JSON.parse(Buffer.from(value ?? []).toString())));
        }
      },
    }),
  });
  await bench.start();
});
afterEach(() => bench.remove());

function person(id: string, tenant = "acme") {
  return { roles: ["respond", "read"] as const, id, tenant };
}

async function proposed(alert: Alert = anAlert()): Promise<Alert> {
  await bench.alert(alert);
  await bench.decided(alert);
  return alert;
}

function kinds(): string[] {
  return bench.decisions.map(({ decision }) => `${decision.kind} ${decision.by}`);
}

describe("what a rule would revoke", () => {
  test("waits, refuses nothing and says so; two different people revoke it, and its time counts from then", async () => {
    const alert = await proposed();
    expect(bench.revocations).toEqual([]);
    const told = await waitFor(() => triage.find((each) => each.kind === "alert") ?? null);
    expect(told).toMatchObject({ done: { kind: "proposed", reason: expect.stringContaining(alert.id) } });
    const waiting = await bench.call(person("ana"), "GET", "/api/proposals");
    expect(waiting.body).toMatchObject({
      proposals: [
        { id: alert.id, scope: "credential", needs: 2, approved_by: [], rule_id: "send", state: "waiting" },
      ],
    });
    const approve = `/api/proposals/${alert.id}/approve`;
    bench.clock = () => Date.now() + HOUR_MS / 2;
    expect(await bench.call(person("ana"), "POST", approve)).toMatchObject({
      status: 200,
      body: { revoked: false },
    });
    expect(await bench.call(person("ana"), "POST", approve)).toMatchObject({
      status: 409,
      body: { error: { code: "TRIPLINE_APPROVED_ALREADY" } },
    });
    expect(bench.revocations).toEqual([]);
    await bench.stop();
    await bench.start();
    expect(await bench.call(person("ben"), "POST", approve)).toMatchObject({
      status: 200,
      body: { revoked: true, state: "approved", approved_by: ["ana", "ben"] },
    });
    await waitFor(() => bench.revocations.length === 1);
    const [entry] = bench.revocations;
    expect(entry).toMatchObject({ id: alert.id, subject: "local:demo", by: "policy", state: "active" });
    expect(Date.parse(entry?.expires_at ?? "") - Date.parse(entry?.decided_at ?? "")).toBe(2 * HOUR_MS);
    await waitFor(() => kinds().length === 4, { what: "the last record" });
    expect(kinds()).toEqual(["proposed policy", "approved ana", "approved ben", "revoked policy"]);
    await waitFor(() => triage.some((each) => each.kind === "done" && each.done.kind === "revoked"));
    expect((await bench.call(person("cy"), "POST", approve)).status).toBe(409);
  });

  test("is rejected by one, and the same alert proposes it no second time, not even after a restart", async () => {
    const alert = await proposed();
    const reject = await bench.call(person("ana"), "POST", `/api/proposals/${alert.id}/reject`, {
      reason: "a test",
    });
    expect(reject).toMatchObject({ status: 200, body: { state: "rejected" } });
    await waitFor(() => triage.some((each) => each.kind === "done" && each.done.kind === "none"));
    await bench.stop();
    await bench.start();
    const again = anAlert({ id: alert.id, state: "open", state_note: "written again" });
    await bench.alert(again, anAlert({ tenant: "other" }));
    await waitFor(() => bench.decisions.some(({ tenant }) => tenant === "other"));
    expect(bench.decisions.filter(({ decision }) => decision.kind === "proposed")).toHaveLength(2);
    expect((await bench.call(person("ben"), "POST", `/api/proposals/${alert.id}/approve`)).status).toBe(409);
    expect(bench.revocations).toEqual([]);
  });

  test("lapses: nobody can approve it any more", async () => {
    const alert = await proposed();
    bench.clock = () => Date.now() + HOUR_MS + 1000;
    expect((await bench.call(person("ana"), "GET", "/api/proposals")).body).toEqual({ proposals: [] });
    const approve = await bench.call(person("ana"), "POST", `/api/proposals/${alert.id}/approve`);
    expect(approve).toMatchObject({ status: 409, body: { error: { code: "TRIPLINE_PROPOSAL_CLOSED" } } });
  });
});

describe("what a person asks for", () => {
  const REVOKE = { scope: "server", subject: "mail", reason: "it was taken over" };

  test("waits where its scope is listed, with that person's approval; a second one revokes", async () => {
    const asked = await bench.call(person("ana"), "POST", "/api/revocations", REVOKE);
    expect(asked).toMatchObject({ status: 202, body: { needs: 2 } });
    const path = `/api/proposals/${asked.body.proposal_id}/approve`;
    expect((await bench.call(person("ana"), "POST", path)).status).toBe(409);
    expect(bench.revocations).toEqual([]);
    expect((await bench.call(person("ben"), "POST", path)).status).toBe(200);
    await waitFor(() => bench.revocations.length === 1);
    expect(bench.revocations).toMatchObject([{ ...REVOKE, by: "ana" }]);
  });

  test("of another scope does not wait, and reinstating never does", async () => {
    const made = await bench.call(person("ana"), "POST", "/api/revocations", {
      ...REVOKE,
      scope: "credential",
      subject: "local:x",
    });
    expect(made.status).toBe(201);
    const path = `/api/revocations/${made.body.id}/reinstate`;
    expect((await bench.call(person("ana"), "POST", path, { reason: "r" })).status).toBe(200);
  });
});

describe("who may", () => {
  test.each([
    ["POST", "/api/proposals/ID/approve", undefined],
    ["POST", "/api/proposals/ID/reject", { reason: "r" }],
    ["POST", "/api/response/resume", { reason: "r" }],
    ["POST", "/api/revocations", { scope: "credential", subject: "local:x", reason: "r" }],
    ["POST", "/api/revocations/ID/reinstate", { reason: "r" }],
  ])("%s %s: nobody without the role respond", async (method, path, body) => {
    const alert = await proposed();
    for (const role of ["read", "administer"] as const) {
      const answer = await bench.call({ roles: [role] }, method, path.replace("ID", alert.id), body);
      expect(answer).toMatchObject({ status: 403, body: { error: { code: "TRIPLINE_ROLE_MISSING" } } });
    }
    const stranger = await fetch(`http://127.0.0.1:${PORT}${path.replace("ID", alert.id)}`, { method });
    expect(stranger.status).toBe(401);
    expect(bench.revocations).toEqual([]);
    expect(kinds()).toEqual(["proposed policy"]);
  });

  test("a drill is an administrator's", async () => {
    for (const role of ["read", "respond"] as const) {
      expect((await bench.call({ roles: [role] }, "POST", "/api/drill")).status).toBe(403);
    }
  });

  test("another tenant's proposal is not there", async () => {
    const alert = await proposed();
    const stranger = person("eve", "other");
    expect((await bench.call(stranger, "GET", "/api/proposals")).body).toEqual({ proposals: [] });
    expect((await bench.call(stranger, "POST", `/api/proposals/${alert.id}/approve`)).status).toBe(404);
    expect(
      (await bench.call(stranger, "POST", `/api/proposals/${alert.id}/reject`, { reason: "r" })).status,
    ).toBe(404);
    expect(
      (await bench.call(stranger, "POST", `/api/revocations/${alert.id}/reinstate`, { reason: "r" })).status,
    ).toBe(404);
    expect(kinds()).toEqual(["proposed policy"]);
  });
});

test("a secret that somebody types as a reason is in no record", async () => {
  const alert = await proposed();
  const canary = ["sk", "ant", "CanaryCanary0123456789CanaryCanary"].join("-");
  await bench.call(person("ana"), "POST", `/api/proposals/${alert.id}/reject`, {
    reason: `he pasted ${canary}`,
  });
  await waitFor(() => bench.decisions.length === 2);
  expect(JSON.stringify(bench.decisions)).not.toContain(canary);
});
