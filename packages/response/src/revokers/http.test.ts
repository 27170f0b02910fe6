import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { revokerSchema } from "./index.ts";
import { filledForm, filledJson, filledUrl, type Values } from "./template.ts";
import { never, RecordedHttp, revokerWith, SECRET, target } from "./testing/recorded-http.ts";
import { SAMPLES } from "./testing/samples.ts";

const { settings = {} } = SAMPLES.http ?? {};
const valid = (change: Record<string, unknown>) =>
  revokerSchema.safeParse({ name: "x", ...settings, ...change }).success;

describe("placeholders stay where they stand", () => {
  const any = fc.string({ unit: "grapheme", maxLength: 60 });
  const values = (id: string): Values => ({ id, tenant: "acme" });

  test("in an address: the host, the other segments and the query are as in the template", () => {
    fc.assert(
      fc.property(any, (id) => {
        fc.pre(!/^(\.|%2e){0,2}$/i.test(id));
        const url = new URL(
          filledUrl("https://api.example/v1/keys/{id}/off?of={id}&by={tenant}", values(id)),
        );
        expect(url.host).toBe("api.example");
        const segments = url.pathname.split("/");
        expect(segments).toHaveLength(5);
        expect([segments[1], segments[2], segments[4]]).toEqual(["v1", "keys", "off"]);
        expect(decodeURIComponent(segments[3] ?? "")).toBe(id.toWellFormed());
        expect([...url.searchParams.keys()]).toEqual(["of", "by"]);
        expect(url.searchParams.get("of")).toBe(id.toWellFormed());
        expect(url.hash).toBe("");
      }),
    );
  });
  test.each([".", ".."])("a value %s would climb, and is refused", (id) => {
    expect(() => filledUrl("https://api.example/keys/{id}/off", values(id))).toThrow(
      "can't stand in an address",
    );
  });
  test.each(["%2e", "%2E%2e", "a/../b"])("%s only looks like it", (id) => {
    const { pathname } = new URL(filledUrl("https://api.example/keys/{id}/off", values(id)));
    expect(pathname.split("/")).toHaveLength(4);
  });
  test("in JSON and forms: one value more changes no other", () => {
    fc.assert(
      fc.property(any, (id) => {
        expect(JSON.parse(JSON.stringify(filledJson({ a: ["x {id}"], b: true }, values(id))))).toEqual({
          a: [`x ${id}`],
          b: true,
        });
        const form = new URLSearchParams(filledForm({ a: "{id}", b: "y" }, values(id)));
        expect([...form]).toEqual([
          ["a", id.toWellFormed()],
          ["b", "y"],
        ]);
      }),
    );
  });
  test("a value with a placeholder in it is not filled again", () => {
    expect(filledJson("{id}", { id: "{tenant}", tenant: "acme" })).toBe("{tenant}");
  });
});

describe("a template that could send requests elsewhere is refused", () => {
  const revoke = (url: string) => ({ method: "PUT", url, done: { status: [204] } });
  test.each([
    "https://{id}.example/keys",
    "https://api.example:{id}/keys",
    "https://{id}@api.example/keys",
    "https://user:pw@api.example/keys",
    "{id}",
    "ftp://api.example/{id}",
    "https://api.example/keys#{id}",
    "https://api.example/{unknown}",
  ])("%s", (url) => {
    expect(valid({ revoke: revoke(url) })).toBe(false);
  });
  test("as it is with a host that is written out", () => {
    expect(valid({ revoke: revoke("https://api.example/keys/{id}?t={tenant}") })).toBe(true);
  });
  test("a body is JSON or a form, not both; a header's name is one", () => {
    expect(valid({ revoke: { ...revoke("https://a.example/"), json: {}, form: {} } })).toBe(false);
    expect(valid({ headers: { "a b": "c" } })).toBe(false);
    expect(valid({ revoke: { ...revoke("https://a.example/"), json: { a: "{nope}" } } })).toBe(false);
  });
});

test("secret headers are sent with their prefix, bodies as they are described", async () => {
  const http = new RecordedHttp({ "PUT /keys/a%2Fb": { status: 204 } });
  const revoker = revokerWith(settings, http);
  expect(await revoker.revoke(target("key:vault/a/b"), never)).toEqual({ kind: "done" });
  expect(http.sent[0]).toMatchObject({
    body: '{"on":false}',
    headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
  });
});

test("a grant's parts, and a part that the credential lacks", async () => {
  const http = new RecordedHttp({ "POST /end": { status: 200 } });
  const revoker = revokerWith(
    {
      type: "http",
      credentials: ["grant:https://idp.example/*"],
      issuer: "https://idp.example",
      revoke: {
        method: "POST",
        url: "https://idp.example/end",
        form: { who: "{subject}", with: "{client}", sid: "{sid}" },
        done: { status: [200] },
      },
    },
    http,
  );
  expect(await revoker.revoke(target("grant:https://idp.example/agent/a%2Fb/s-1"), never)).toEqual({
    kind: "done",
  });
  expect(http.sent[0]?.body).toBe("who=a%2Fb&with=agent&sid=s-1");
  expect(await revoker.revoke(target("grant:https://idp.example/agent/u"), never)).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("{sid}"),
  });
  expect(revoker.probes).toBe(false);
});

test("the same status can mean two things that the body tells apart", async () => {
  const body = (on: unknown) => ({ "GET /keys/ci": { status: 200, body: { data: { on } } } });
  for (const [on, result] of [
    [true, "accepted"],
    [false, "refused"],
    ["false", "unknown"],
    [null, "unknown"],
  ] as const) {
    const revoker = revokerWith(settings, new RecordedHttp(body(on)));
    expect(await revoker.probe(target("key:vault/ci"), never)).toBe(result);
  }
});
