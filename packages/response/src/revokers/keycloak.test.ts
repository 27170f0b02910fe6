import { describe, expect, test } from "vitest";
import { never, type Recorded, RecordedHttp, revokerWith, target } from "./testing/recorded-http.ts";
import { SAMPLES } from "./testing/samples.ts";

/** Requests and their order; that they end tokens is shown against a real one: test/keycloak. */

const { settings = {}, answers = {} } = SAMPLES.keycloak ?? {};
const ADMIN = "/admin/realms/acme";
const GRANT = "grant:https://kc.example/realms/acme/agent/u-1";

function opened(more: Recorded = {}) {
  const http = new RecordedHttp({ ...answers, ...more });
  return { http, revoker: revokerWith(settings, http) };
}
const changes = (http: RecordedHttp) =>
  http.sent
    .filter(({ method, url }) => method !== "GET" && url.includes(ADMIN))
    .map(({ what }) => what.replace(ADMIN, ""));

describe("a person's grant", () => {
  const TWO = {
    [`GET ${ADMIN}/users/u-1/sessions`]: {
      status: 200,
      body: [
        { id: "sid-1", clients: { "c-1": "agent" } },
        { id: "sid-2", clients: { "c-2": "browser" } },
      ],
    },
    [`GET ${ADMIN}/users/u-1/offline-sessions/c-1`]: {
      status: 200,
      body: [{ id: "off-1", clients: { "c-1": "agent" } }],
    },
    [`DELETE ${ADMIN}/sessions/off-1?isOffline=true`]: { status: 204 },
  };
  test("with a session: that one ends, and no other", async () => {
    const { http, revoker } = opened(TWO);
    expect(await revoker.revoke(target(`${GRANT}/sid-1`), never)).toEqual({
      kind: "done",
      note: "1 session ended",
    });
    expect(changes(http)).toEqual(["DELETE /sessions/sid-1"]);
  });
  test("without one: all of this client, offline ones too, and none of others", async () => {
    const { http, revoker } = opened(TWO);
    expect(await revoker.revoke(target(GRANT), never)).toEqual({ kind: "done", note: "2 sessions ended" });
    expect(changes(http)).toEqual(["DELETE /sessions/sid-1", "DELETE /sessions/off-1?isOffline=true"]);
  });
  test("an offline session that is left is a key that is alive", async () => {
    const { revoker } = opened({ ...TWO, [`GET ${ADMIN}/users/u-1/sessions`]: { status: 200, body: [] } });
    expect(await revoker.probe(target(GRANT), never)).toBe("accepted");
  });
  test("reinstating brings no session back", async () => {
    const { http, revoker } = opened(TWO);
    expect(await revoker.reinstate?.(target(GRANT), never)).toMatchObject({ kind: "done" });
    expect(changes(http)).toEqual([]);
  });
});

describe("a service account's grant", () => {
  const account = (enabled: boolean): Recorded => ({
    [`GET ${ADMIN}/clients/c-1/service-account-user`]: { status: 200, body: { id: "u-1", enabled } },
    [`GET ${ADMIN}/users/u-1`]: {
      status: 200,
      body: { id: "u-1", enabled, username: "service-account-agent", attributes: { a: ["b"] } },
    },
    [`PUT ${ADMIN}/users/u-1`]: { status: 204 },
    [`POST ${ADMIN}/users/u-1/logout`]: { status: 204 },
  });
  test("is disabled, with everything else of the user as it was", async () => {
    const { http, revoker } = opened(account(true));
    expect(await revoker.revoke(target(GRANT), never)).toEqual({ kind: "done" });
    expect(changes(http)).toEqual(["PUT /users/u-1"]);
    expect(JSON.parse(http.sent.at(-1)?.body ?? "")).toMatchObject({
      enabled: false,
      attributes: { a: ["b"] },
    });
  });
  test("that was disabled before is not ours", async () => {
    const { http, revoker } = opened(account(false));
    expect(await revoker.revoke(target(GRANT), never)).toEqual({ kind: "done", already: true });
    expect(changes(http)).toEqual([]);
  });
  test("is enabled again only after all its old tokens were ended", async () => {
    const { http, revoker } = opened(account(false));
    expect(await revoker.reinstate?.(target(GRANT), never)).toEqual({ kind: "done" });
    expect(changes(http)).toEqual(["POST /users/u-1/logout", "PUT /users/u-1"]);
  });
  test("stays disabled when its old tokens could not be ended", async () => {
    const { http, revoker } = opened({
      ...account(false),
      [`POST ${ADMIN}/users/u-1/logout`]: { status: 503 },
    });
    expect(await revoker.reinstate?.(target(GRANT), never)).toMatchObject({ kind: "retry" });
    expect(changes(http)).toEqual(["POST /users/u-1/logout"]);
  });
});

test("signs in once, and once more when its token ended early", async () => {
  const { http, revoker } = opened({
    [`GET ${ADMIN}/clients?clientId=agent`]: [
      { status: 401 },
      { status: 200, body: [{ id: "c-1", clientId: "agent" }] },
    ],
  });
  expect(await revoker.probe(target(`${GRANT}/sid-1`), never)).toBe("accepted");
  expect(await revoker.probe(target(`${GRANT}/sid-1`), never)).toBe("accepted");
  expect(http.whats().filter((what) => what.endsWith("/token"))).toHaveLength(2);
});

test("the admin API may be elsewhere, and the account in another realm", async () => {
  const http = new RecordedHttp({
    "POST /realms/master/protocol/openid-connect/token": { status: 400, body: { error: "invalid_client" } },
  });
  const revoker = revokerWith(
    { ...settings, admin_url: "https://internal:8443/", admin_realm: "master" },
    http,
  );
  expect(await revoker.revoke(target(GRANT), never)).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("check client_id"),
  });
  expect(http.sent[0]?.url).toBe("https://internal:8443/realms/master/protocol/openid-connect/token");
});
