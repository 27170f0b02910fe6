import { describe, expect, test } from "vitest";
import { basic } from "./oauth.ts";
import { never, type Recorded, RecordedHttp, revokerWith, SECRET, target } from "./testing/recorded-http.ts";
import { SAMPLES } from "./testing/samples.ts";

const { settings = {}, answers = {}, files = {}, subject = "" } = SAMPLES.oauth ?? {};

function opened(more: Record<string, unknown> = {}, recorded: Recorded = answers) {
  const http = new RecordedHttp(recorded);
  return { http, revoker: revokerWith({ ...settings, ...more }, http, { files }) };
}

test("each token is revoked as a form, by the client with its secret in the header", async () => {
  const { http, revoker } = opened();
  expect(await revoker.revoke(target(subject), never)).toEqual({
    kind: "done",
    note: "2 tokens of the grant",
  });
  expect(http.sent.map(({ body }) => body)).toEqual(["token=refresh-token", "token=access-token"]);
  expect(http.sent[0]?.headers).toMatchObject({
    "content-type": "application/x-www-form-urlencoded",
    authorization: `Basic ${btoa(`agent:${SECRET}`)}`,
  });
});

test("the secret in the form, where the server wants it there; none for a public client", async () => {
  const posted = opened({ client_auth: "post" });
  await posted.revoker.revoke(target(subject), never);
  expect(posted.http.sent[0]?.body).toBe(`token=refresh-token&client_id=agent&client_secret=${SECRET}`);
  expect(posted.http.sent[0]?.headers).not.toHaveProperty("authorization");
  const open = opened({ client_secret: undefined });
  await open.revoker.revoke(target(subject), never);
  expect(open.http.sent[0]?.body).toBe("token=refresh-token&client_id=agent");
});

test("a client id and secret are form-encoded before they are joined (RFC 6749, 2.3.1)", () => {
  expect(atob(basic("a:b", "c d%").slice("Basic ".length))).toBe("a%3Ab:c+d%25");
});

describe("200 proves nothing", () => {
  test("Keycloak's answer to garbage is a 200 with an error: only introspection tells", async () => {
    const { revoker } = opened(
      {},
      {
        "POST /revoke": { status: 200, body: { error: "invalid_token", error_description: "Invalid token" } },
        "POST /introspect": { status: 200, body: { active: true } },
      },
    );
    expect(await revoker.revoke(target(subject), never)).toMatchObject({ kind: "done" });
    expect(await revoker.probe(target(subject), never)).toBe("accepted");
  });
  test("one token that is active is enough", async () => {
    const { revoker } = opened(
      {},
      {
        "POST /introspect": [
          { status: 200, body: { active: false } },
          { status: 200, body: { active: true } },
        ],
      },
    );
    expect(await revoker.probe(target(subject), never)).toBe("accepted");
  });
  test("without an introspection endpoint nobody can be asked", async () => {
    const { revoker } = opened({ introspection_endpoint: undefined });
    expect(revoker.probes).toBe(false);
    expect(await revoker.probe(target(subject), never)).toBe("unknown");
  });
});

test.each([
  [400, "invalid_request", "another client"],
  [400, "unsupported_token_type", "refresh token"],
  [400, "unauthorized_client", "may not revoke"],
  [401, "invalid_client", "client_id and its secret"],
  [400, "constructor", "answered 400"],
])("%d %s is said in our words", async (status, error, words) => {
  const { revoker } = opened(
    {},
    { "POST /revoke": { status, body: { error, error_description: "Unmatching clients" } } },
  );
  const outcome = await revoker.revoke(target(subject), never);
  expect(outcome).toMatchObject({ kind: "refused", reason: expect.stringContaining(words) });
  expect(JSON.stringify(outcome)).not.toContain("Unmatching");
});

test("without a token a person has to do it, and is told where one can be laid down", async () => {
  const http = new RecordedHttp({});
  const revoker = revokerWith(settings, http);
  const outcome = await revoker.revoke(target(subject), never);
  expect(outcome).toMatchObject({
    kind: "impossible",
    reason: expect.stringMatching(/by hand, or lay it down as [0-9a-f]{64}/),
  });
  expect(http.sent).toEqual([]);
});

test("another client may be the one that asks", async () => {
  const { http, revoker } = opened({
    introspection_client: { client_id: "resource", client_secret: { env: "R" } },
  });
  await revoker.probe(target(subject), never);
  expect(http.sent[0]?.headers?.authorization).toBe(`Basic ${btoa(`resource:${SECRET}`)}`);
});
