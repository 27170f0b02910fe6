import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type RunningCollector, startCollector } from "./running-collector.ts";
import { sampleLine } from "./sample-records.ts";

let collector: RunningCollector;
beforeAll(async () => {
  collector = await startCollector();
});
afterAll(() => collector.stop());

async function call(method: string, path: string, body?: unknown, token = collector.administrator) {
  const answer = await fetch(`${collector.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, json: text === "" ? null : JSON.parse(text) };
}

describe("/v1/producers", () => {
  it("enrols a producer whose key is shown once, ingests, and works no more when it is revoked", async () => {
    const made = await call("POST", "/v1/producers", {
      id: "gw-1",
      issuers: ["key:acme"],
      credentials: ["local:x"],
    });
    expect(made.status).toBe(201);
    expect(made.json.producer).toMatchObject({
      id: "gw-1",
      tenant: "acme",
      issuers: ["key:acme"],
      quota: 10_000,
    });
    const line = sampleLine({ producer: "gw-1", actor: { credential: "local:x", assurance: "verified" } });
    expect((await collector.post(made.json.key, line)).status).toBe(200);
    const listed = await call("GET", "/v1/producers");
    expect(listed.json.producers.map(({ id }: { id: string }) => id)).toContain("gw-1");
    expect(listed.text).not.toMatch(/tlp_|sha256/);
    expect((await call("DELETE", "/v1/producers/gw-1")).status).toBe(204);
    expect((await call("DELETE", "/v1/producers/gw-1")).status).toBe(404);
    expect((await collector.post(made.json.key, line)).status).toBe(401);
  });

  it("refuses what is no producer, and a second one of the same name", async () => {
    expect((await call("POST", "/v1/producers", { id: "a/b" })).status).toBe(400);
    expect((await call("POST", "/v1/producers", { id: "a", issuers: ["all"] })).status).toBe(400);
    expect((await call("POST", "/v1/producers", { id: "tripline-in-doubt" })).status).toBe(400);
    expect((await call("POST", "/v1/producers", { id: "a", tenant: "evil" })).status).toBe(400);
    expect((await call("POST", "/v1/producers", { id: "local" })).json.error.code).toBe(
      "TRIPLINE_ACCESS_EXISTS",
    );
    expect((await call("POST", "/v1/producers", { id: "local" })).status).toBe(409);
  });
});

describe("/v1/tokens", () => {
  it("makes tokens that may do what their roles say, and no more", async () => {
    const made = await call("POST", "/v1/tokens", { id: "ana", name: "Ana", roles: ["read", "respond"] });
    expect(made.status).toBe(201);
    const { token } = made.json;
    for (const path of ["/v1/producers", "/v1/tokens"]) {
      expect((await call("GET", path, undefined, token)).status).toBe(403);
      expect((await call("POST", path, { id: "x", roles: ["administer"] }, token)).status).toBe(403);
    }
    expect((await call("DELETE", "/v1/tokens/administrator")).status).toBe(409);
    expect((await call("DELETE", "/v1/tokens/ana")).status).toBe(204);
    expect((await call("GET", "/v1/tokens", undefined, token)).status).toBe(401);
  });
});

it("records who changed access", async () => {
  await call("POST", "/v1/tokens", { id: "bob", roles: ["read"] });
  const accessSchema = z.looseObject({
    access: z.looseObject({ by: z.string(), action: z.string(), query: z.string() }),
  });
  const records = (await collector.events())
    .map(({ json }) => json.envelope)
    .filter(({ type }) => type === "access")
    .map((envelope) => accessSchema.parse(envelope).access);
  expect(records.at(-1)).toMatchObject({
    by: "administrator",
    action: "tokens.create",
    query: '{"id":"bob"}',
  });
});

it("tells an interceptor who it is, and hands out what it needs", async () => {
  const key = await collector.enrol({ id: "gw-2", issuers: ["local"], credentials: ["local:bound"] });
  const { json } = await call("GET", "/v1/interceptor", undefined, key);
  expect(json).toEqual({
    tenant: "acme",
    producer: "gw-2",
    credentials: ["local:bound"],
    issuers: ["local"],
    redaction: {
      current: expect.any(String),
      keys: [{ id: json.redaction.current, key: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    },
    revocation_keys: [{ id: "r1", public_key: "public" }],
    verdict_keys: [{ id: "d1", public_key: "public" }],
    policy: expect.objectContaining({ intents: "mutating", fail_closed: [] }),
  });
  expect((await call("GET", "/v1/interceptor")).status).toBe(403);
});
