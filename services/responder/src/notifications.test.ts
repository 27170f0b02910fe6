import { type Incident, incidentKey, type NOTICES, TOPICS } from "@tripline/events";
import { webhookHeaders, webhookSecret } from "@tripline/response";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { anAlert, Bench, Receiver, SECRET } from "./testing/bench.ts";

const PORT = 20720;
const receiver = new Receiver(20721);
const second = new Receiver(20722);

const hook = (to: Receiver) =>
  `  - {name: hook-${to === receiver ? "a" : "b"}, type: webhook, url: "${to.url}", secret: {env: HOOK}}\n`;
const HERE = "egress: {allow_internal: [127.0.0.1]}\n";
const RULES = "automatic_revocation: {rules: {send: {enabled: true}}, limit: {keys: 100, minutes: 60}}\n";
const ONE = `notifiers:\n${hook(receiver)}${HERE}${RULES}`;
const BOTH = `notifiers:\n${hook(receiver)}${hook(second)}${HERE}${RULES}`;

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create(PORT, ONE);
});
afterEach(async () => {
  await bench.remove();
  for (const each of [receiver, second]) {
    await each.stop();
    each.deliveries.length = 0;
    each.status = 204;
  }
});

let count = 0;
/** An alert about a key of its own, so that it opens an incident of its own. */
function aFinding(changes: Parameters<typeof anAlert>[0] = {}) {
  count += 1;
  return anAlert({ actor: { credential: `local:key-${count}`, assurance: "verified" }, ...changes });
}

/** One version of an incident, as the incident step writes it. */
function version(
  id: string,
  kind: (typeof NOTICES)[number],
  number: number,
  changes: Partial<Incident> = {},
): Incident {
  const alert = anAlert();
  const now = new Date().toISOString();
  const state = kind === "resolved" || kind === "acknowledged" ? kind : "open";
  return {
    ...{ v: 1, id, version: number, tenant: "acme", rule: { id: "send", title: "Sent" }, subject: id },
    ...{ severity: "high", state, opened_at: now, last_alert_at: now, updated_at: now },
    ...{ alerts: 1, alert_ids: [alert.id], alert, done: { kind: "none", reason: "off" }, escalation: 0 },
    ...{ history: [], notice: { kind, number }, ...changes },
  };
}
const idOf = (index: number) => index.toString(16).padStart(64, "0");
async function write(...incidents: Incident[]): Promise<void> {
  const records = incidents.map((incident) => ({
    key: incidentKey(incident.tenant, incident.id),
    value: new TextEncoder().encode(JSON.stringify(incident)),
  }));
  await bench.log.produce(TOPICS.incidents, records);
}

const alertsAt = (each: Receiver) => each.deliveries.map(({ data }) => data.alert_id);
const idsAt = (each: Receiver) => each.deliveries.map(({ headers }) => headers["webhook-id"]);
const typesAt = (each: Receiver) => each.deliveries.map(({ body }) => JSON.parse(body).type);
const isDegraded = () => bench.responder.part.health().state === "degraded";
/** What was decided about all incidents' notifications. */
const told = () =>
  bench.decisions
    .map(({ decision }) => decision)
    .filter(({ kind }) => kind === "notified" || kind === "notify_failed");

test("a notifier hears of the incident and of what was done, signed, and that is on record", async () => {
  await receiver.start();
  await bench.start();
  const alert = aFinding();
  await bench.alert(alert);
  await waitFor(() => told().length === 1);
  const [delivery] = receiver.deliveries;
  const timestamp = Number(delivery?.headers["webhook-timestamp"]);
  const id = String(delivery?.data.id);
  expect(told()).toMatchObject([
    { kind: "notified", via: "hook-a", incident_id: id, alert_id: alert.id, rule_id: "send", by: "policy" },
  ]);
  expect(delivery?.headers).toMatchObject(
    webhookHeaders(`${id}.1`, timestamp, delivery?.body ?? "", webhookSecret(SECRET, "a test")),
  );
  expect(delivery?.data).toMatchObject({
    alert_id: alert.id,
    done: `The credential ${alert.actor?.credential} is refused by every interceptor until it is reinstated.`,
    response: { kind: "revoked", revocation_id: alert.id },
  });
});

test("a receiver that is down holds up neither the revocation nor another receiver, and is told once when it is up", async () => {
  await bench.configure(BOTH);
  await second.start();
  await bench.start();
  const [first, next] = [aFinding(), aFinding()];
  await bench.alert(first, next);
  await waitFor(() => bench.revocations.length === 2 && second.deliveries.length === 2);
  await waitFor(isDegraded);
  expect(bench.responder.part.health().detail).toContain("hook-a: 127.0.0.1 was not reached: ECONNREFUSED");
  await receiver.start();
  await waitFor(() => told().length === 4);
  expect(alertsAt(receiver)).toEqual([first.id, next.id]);
  expect(alertsAt(second)).toEqual([first.id, next.id]);
  await waitFor(() => bench.responder.part.health().state === "ready");
});

test("a receiver that is busy is asked again under the same id", async () => {
  receiver.status = 503;
  await receiver.start();
  await bench.start();
  await bench.alert(aFinding());
  await waitFor(() => receiver.deliveries.length === 1);
  receiver.status = 200;
  await waitFor(() => told().length === 1);
  expect(new Set(idsAt(receiver)).size).toBe(1);
  expect(receiver.deliveries.length).toBeGreaterThan(1);
});

test("down for ten minutes: the others hear that, and afterwards that it is over", async () => {
  await bench.configure(BOTH);
  await second.start();
  await bench.start();
  await bench.alert(aFinding());
  await waitFor(isDegraded);
  bench.clock = () => Date.now() + 11 * 60_000;
  const about = () =>
    second.deliveries.filter(({ data }) => String(JSON.stringify(data.rule)).includes("notifier-unreached"));
  await waitFor(() => about().length === 1, { what: "the second to hear of the first" });
  expect(about()[0]?.data.summary).toContain("The notifier hook-a (http://127.0.0.1:20721) does not take");
  bench.clock = () => Date.now() + 13 * 60_000;
  await receiver.start();
  await waitFor(() => receiver.deliveries.length >= 1);
  await waitFor(() => about().some(({ data }) => data.state === "resolved"), { what: "the end of it" });
});

describe("what waited", () => {
  const INCIDENTS = 1000;

  test("a thousand incidents that were opened, grew and were resolved meanwhile: each is told once, as it ended", async () => {
    await bench.start();
    for (const [number, kind] of (["opened", "grew", "resolved"] as const).entries()) {
      await write(...Array.from({ length: INCIDENTS }, (_, index) => version(idOf(index), kind, number + 1)));
    }
    await waitFor(isDegraded);
    bench.clock = () => Date.now() + 10 * 60_000; // virtual: they are late now
    await receiver.start();
    await waitFor(() => told().length === INCIDENTS, { timeoutMs: 80_000, what: "all to be told" });
    expect(new Set(typesAt(receiver))).toEqual(new Set(["incident.resolved"]));
    expect(new Set(idsAt(receiver)).size).toBe(INCIDENTS);
    expect(receiver.deliveries).toHaveLength(INCIDENTS);
  }, 90_000);

  test("what comes through in time is told notice by notice", async () => {
    await receiver.start();
    await bench.start();
    await write(
      version(idOf(1), "opened", 1),
      version(idOf(1), "acknowledged", 2),
      version(idOf(1), "resolved", 3),
    );
    await waitFor(() => told().length === 3);
    expect(typesAt(receiver)).toEqual(["incident.opened", "incident.acknowledged", "incident.resolved"]);
  });

  test("is told after a restart, once, and nothing that was told before", async () => {
    await receiver.start();
    await bench.start();
    await write(version(idOf(1), "opened", 1));
    await waitFor(() => told().length === 1);
    await receiver.stop();
    await write(version(idOf(2), "opened", 1));
    await waitFor(isDegraded);
    await bench.stop();
    await receiver.start();
    await bench.start();
    await waitFor(() => told().length === 2);
    await write(version(idOf(1), "opened", 1), version(idOf(3), "opened", 1)); // the first as after a crash of who wrote it
    await waitFor(() => told().length === 3);
    expect(idsAt(receiver)).toEqual([`${idOf(1)}.1`, `${idOf(2)}.1`, `${idOf(3)}.1`]);
  });

  test("for a day is given up, on record", async () => {
    await bench.start();
    await write(version(idOf(1), "opened", 1));
    await waitFor(isDegraded);
    bench.clock = () => Date.now() + 25 * 3600_000;
    await waitFor(() => told().length > 0);
    expect(told()[0]).toMatchObject({
      kind: "notify_failed",
      via: "hook-a",
      reason: "notifier hook-a: not reached within a day",
    });
  });
});

test("a receiver that refuses is not asked again; the record says so, and the others hear of it at once", async () => {
  await bench.configure(BOTH);
  receiver.status = 410;
  await receiver.start();
  await second.start();
  await bench.start();
  await write(version(idOf(1), "opened", 1));
  await waitFor(() => told().some(({ kind }) => kind === "notify_failed"));
  expect(told().find(({ kind }) => kind === "notify_failed")).toMatchObject({
    via: "hook-a",
    reason: "notifier hook-a: the receiver answered 410",
  });
  expect(idsAt(receiver).filter((id) => id === `${idOf(1)}.1`)).toHaveLength(1);
  await waitFor(() => second.deliveries.some(({ body }) => body.includes("notifier-unreached")));
});

test("a notification that its receiver can't digest is given up after a while, and the next one gets its turn", async () => {
  receiver.status = 500;
  await receiver.start();
  await bench.start();
  await write(version(idOf(1), "opened", 1), version(idOf(2), "opened", 1));
  await waitFor(() => receiver.deliveries.length === 1);
  bench.clock = () => Date.now() + 6 * 60_000;
  await waitFor(() => told().length === 1);
  expect(told()).toMatchObject([
    { kind: "notify_failed", reason: "notifier hook-a: the receiver answered 500" },
  ]);
  receiver.status = 200;
  await waitFor(() => told().length >= 2);
  expect(told()[1]).toMatchObject({ kind: "notified", incident_id: idOf(2) });
});

describe("routes", () => {
  test("say who hears of what; whoever heard of the beginning hears of the end", async () => {
    const routes =
      "routes:\n  - {match: {min_severity: critical, notice: [opened]}, notify: [hook-b], continue: true}\n  - {match: {tenant: other}, notify: []}\n  - {notify: [hook-a]}\n";
    await bench.configure(BOTH + routes);
    await receiver.start();
    await second.start();
    await bench.start();
    const grave = { severity: "critical" } as const;
    await write(
      version(idOf(1), "opened", 1),
      version(idOf(2), "opened", 1, { tenant: "other" }),
      version(idOf(3), "opened", 1, grave),
      version(idOf(3), "grew", 2, grave),
      version(idOf(1), "resolved", 2),
      version(idOf(3), "resolved", 3, grave),
    );
    await waitFor(() => told().length === 7);
    expect(idsAt(receiver)).toEqual([1, 3, 3, 1, 3].map((id, at) => `${idOf(id)}.${[1, 1, 2, 2, 3][at]}`));
    expect(idsAt(second)).toEqual([`${idOf(3)}.1`, `${idOf(3)}.3`]);
  });

  test("take effect while it runs, an address corrected too; a file whose tests fail stays out", async () => {
    await second.start();
    await bench.start();
    await write(version(idOf(1), "opened", 1));
    await waitFor(isDegraded);
    const moved = ONE.replace(receiver.url, second.url);
    await bench.configure(`${moved}routes: []\nroute_tests: [{name: all, incident: {}, notify: [hook-a]}]\n`);
    await waitFor(() =>
      bench.responder.part.health().detail?.includes('"all" fails: expected hook-a, the routes tell nobody'),
    );
    await bench.configure(moved);
    await waitFor(() => told().length === 1);
    expect(idsAt(second)).toEqual([`${idOf(1)}.1`]);
    // A new one hears of what is still warm, so of the first incident too.
    await bench.configure(`notifiers:\n${hook(second)}${HERE}`);
    await waitFor(() => told().length === 2);
    expect(idsAt(second)).toEqual([`${idOf(1)}.1`, `${idOf(1)}.1`]);
  });
});

describe("the API", () => {
  test("shows how each does, and sends a test past the queue", async () => {
    await bench.start();
    await write(version(idOf(1), "opened", 1));
    await waitFor(isDegraded);
    const states = await bench.call({ roles: ["read"] }, "GET", "/api/notifiers");
    expect(states.body).toMatchObject({
      notifiers: [
        {
          name: "hook-a",
          to: "http://127.0.0.1:20721",
          failing_since: expect.any(String),
          reason: expect.stringContaining("ECONNREFUSED"),
          waiting: 1,
        },
      ],
    });
    const test = () =>
      bench.call({ roles: ["administer"], id: "ana" }, "POST", "/api/notifiers/hook-a/test", {});
    expect((await test()).body).toEqual({
      delivered: false,
      reason: "127.0.0.1 was not reached: ECONNREFUSED",
    });
    await receiver.start();
    expect((await test()).body).toEqual({ delivered: true, reason: "the receiver took it" });
    expect(typesAt(receiver)).toContain("incident.test");
    expect(receiver.deliveries[0]?.data.summary).toContain("ana asked for a test of the notifier hook-a");
  });
  test("shows no secret: not in states, tests, health or records, whatever the receiver answers", async () => {
    bench.env.SLACK = `${receiver.url}/path-canary`;
    bench.env.TOKEN = "token-canary";
    const chat = "  - {name: chat, type: slack, webhook_url: {env: SLACK}}\n";
    const bot = `  - {name: bot, type: slack, token: {env: TOKEN}, channel: C1, url: "${second.url}"}\n`;
    await bench.configure(`notifiers:\n${chat}${bot}${HERE}`);
    second.status = 403;
    await second.start();
    await bench.start();
    await write(version(idOf(1), "opened", 1));
    await waitFor(isDegraded);
    await waitFor(() => told().some(({ via }) => via === "bot"));
    const shown = [
      await bench.call({ roles: ["read"] }, "GET", "/api/notifiers"),
      await bench.call({ roles: ["read"] }, "GET", "/api/response"),
      await bench.call({ roles: ["administer"] }, "POST", "/api/notifiers/chat/test", {}),
      await bench.call({ roles: ["administer"] }, "POST", "/api/notifiers/bot/test", {}),
      bench.responder.part.health(),
      bench.decisions,
    ];
    expect(JSON.stringify(shown)).toContain("chat");
    expect(JSON.stringify(shown)).not.toContain("canary");
    expect(second.deliveries[0]?.headers.authorization).toBe("Bearer token-canary");
  });
  test("needs the role, and a notifier that exists", async () => {
    await bench.start();
    const at = (roles: Parameters<Bench["call"]>[0]["roles"], name = "hook-a") =>
      bench.call({ roles }, "POST", `/api/notifiers/${name}/test`, {}).then(({ status }) => status);
    expect(await at(["read", "respond"])).toBe(403);
    expect(await at(["administer"], "nobody")).toBe(404);
    expect(await at(["administer"], "..%2F..")).toBe(400);
    expect((await bench.call({ roles: [] }, "GET", "/api/notifiers")).status).toBe(403);
  });
});
