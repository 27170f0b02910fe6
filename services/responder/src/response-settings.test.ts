import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { DEFAULT_RESPONSE_YAML } from "./settings/default-response.ts";
import { anAlert, Bench } from "./testing/bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create(20740, DEFAULT_RESPONSE_YAML);
});
afterEach(() => bench.remove());

const ADMINISTER = { roles: ["administer"] as const };
const READ = { roles: ["read"] as const };

test("the first start writes the commented default, for its owner only, and revokes nothing", async () => {
  const path = join(bench.dir, "response.yaml");
  await rm(path);
  await bench.start();
  expect(await bench.yaml()).toBe(DEFAULT_RESPONSE_YAML);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await bench.alert(anAlert());
  await waitFor(async () => (await bench.log.committed("tripline.alerts", "responder")).get(0)?.offset === 1);
  expect([bench.revocations, bench.decisions]).toEqual([[], []]);
});

test("a file with a mistake stops the start and says where", async () => {
  await bench.configure("notifiers: []\nautomatic_revocation:\n  dryrun: true\n");
  await expect(bench.start()).rejects.toThrow("response.yaml: line 3, automatic_revocation.dryrun");
});

test("a secret that is missing stops the start and names where it was looked for", async () => {
  await bench.configure(
    "notifiers:\n  - {name: a, type: webhook, url: 'http://127.0.0.1:1/', secret: {env: NOT_SET}}\n",
  );
  await expect(bench.start()).rejects.toThrow("notifier a: the environment variable NOT_SET is not set");
});

test("a mistake made while it runs keeps the last good settings, and health says so until it is mended", async () => {
  await bench.configure("automatic_revocation: {rules: {send: {enabled: true}}}\n");
  await bench.start();
  await bench.configure("automatic_revocation: {rules: {send: {enabled: maybe}}}\n");
  await waitFor(() => bench.responder.part.health().state === "degraded");
  expect(bench.responder.part.health().detail).toContain(
    "response.yaml: line 1, automatic_revocation.rules.send",
  );
  const alert = anAlert();
  await bench.alert(alert);
  expect(await bench.decided(alert)).toMatchObject([{ kind: "revoked" }]);
  const shown = await bench.call(READ, "GET", "/api/response");
  expect(shown.body.problem).toContain("rules.send.enabled");
  await bench.configure("automatic_revocation: {rules: {}}\n");
  await waitFor(() => bench.responder.part.health().state === "ready");
});

describe("over the API", () => {
  test("a rule is switched on for one credential: the file keeps its comments, and it is in force at once", async () => {
    await bench.start();
    const settings = { enabled: true, credentials: ["local:demo"] };
    const answer = await bench.call(ADMINISTER, "PUT", "/api/response/rules/send", settings);
    expect(answer).toEqual({ status: 200, body: settings });
    const yaml = await bench.yaml();
    expect(yaml).toContain("# Taking keys away without a person");
    expect(yaml).toContain(
      "    send:\n      enabled: true\n      credentials: [ local:demo ]\n      tenants: [ acme ]\n",
    );
    const [alert, foreign] = [anAlert(), anAlert({ tenant: "other" })];
    await bench.alert(foreign, alert);
    expect(await bench.decided(alert)).toMatchObject([{ kind: "revoked" }]);
    expect(bench.decisions).toHaveLength(1);

    expect((await bench.call(READ, "GET", "/api/response/rules/send")).body).toEqual(settings);
    await bench.call(ADMINISTER, "PUT", "/api/response/rules/send", { enabled: false });
    expect((await bench.call(READ, "GET", "/api/response/rules/send")).body).toEqual({ enabled: false });
  });

  test("many changes at once are all kept", async () => {
    await bench.start();
    const ids = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(
      ids.map((id) => bench.call(ADMINISTER, "PUT", `/api/response/rules/${id}`, { enabled: true })),
    );
    const shown = await bench.call(READ, "GET", "/api/response");
    const { rules } = Object(shown.body.automatic_revocation);
    expect(Object.keys(rules).sort()).toEqual(ids);
  });

  test("needs the role; a wrong setting is refused; a file with a mistake is not overwritten", async () => {
    await bench.start();
    const put = (as: Parameters<Bench["call"]>[0], body: unknown) =>
      bench.call(as, "PUT", "/api/response/rules/send", body);
    expect((await put({ roles: ["read", "respond"] }, { enabled: true })).status).toBe(403);
    expect((await put(ADMINISTER, { enabled: true, scope: "server" })).status).toBe(400);
    expect((await put(ADMINISTER, { enabled: true, tenants: ["other"] })).status).toBe(400);
    expect((await bench.call({ roles: [] }, "GET", "/api/response")).status).toBe(403);
    const broken = "automatic_revocation: [\n";
    await bench.configure(broken);
    expect((await put(ADMINISTER, { enabled: true })).status).toBe(409);
    expect(await bench.yaml()).toBe(broken);
  });

  test("shows what concerns the token's tenant, and no secret, not even an address's path", async () => {
    await bench.configure(
      'notifiers: [{name: all, type: webhook, url: "http://127.0.0.1:20741/path-canary?q=canary", secret: {env: HOOK}}]\n' +
        "automatic_revocation: {rules: {a: {enabled: true, tenants: [other]}, b: {enabled: true}}}\n",
    );
    await bench.start();
    const shown = await bench.call(READ, "GET", "/api/response");
    expect(shown.body).toEqual({
      notifiers: [{ name: "all", to: "http://127.0.0.1:20741" }],
      automatic_revocation: {
        dry_run: false,
        limit: { keys: 3, minutes: 60 },
        halted: null,
        never_revoke: [],
        rules: { b: { enabled: true } },
      },
      approval: null,
      drill: null,
      problem: null,
    });
    expect((await bench.call(ADMINISTER, "PUT", "/api/response/rules/a", { enabled: false })).status).toBe(
      409,
    );
    expect((await bench.call(ADMINISTER, "PUT", "/api/response/rules/b", { enabled: false })).status).toBe(
      409,
    );
  });
});
