import { type Alert, type Incident, incidentSchema, TOPICS, TriplineError } from "@tripline/events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { anAlert, Bench } from "../testing/bench.ts";

const ON = "automatic_revocation: {rules: {send: {enabled: true}}, limit: {keys: 1000, minutes: 60}}\n";
const OFF = "escalation: [{after: 30m}]\n";
const PORT = 20786;
const RESPOND = { roles: ["respond"] as const, id: "ana" };
const HOUR_MS = 3600_000;

let bench: Bench;
const opened = async (yaml: string, partitions = 1): Promise<void> => {
  bench = await Bench.create(PORT, yaml, undefined, partitions);
  await bench.start();
};
beforeEach(() => opened(OFF));
afterEach(() => bench.remove());

/** Every version that was written, in the order of each partition. */
async function versions(): Promise<Incident[]> {
  const found: Incident[] = [];
  for (const { partition, earliest, next } of await bench.log.offsets(TOPICS.incidents)) {
    await bench.log.scan(
      { topic: TOPICS.incidents, partition, from: earliest, to: next },
      async (records) => {
        for (const { value } of records) {
          found.push(incidentSchema.parse(JSON.parse(new TextDecoder().decode(value ?? undefined))));
        }
      },
    );
  }
  return found;
}

const notices = async () => (await versions()).flatMap(({ notice }) => notice?.kind ?? []);

/** The latest version, once it is as asked for. */
async function incident(is: (latest: Incident) => boolean = () => true): Promise<Incident> {
  return waitFor(
    async () => {
      const latest = (await versions()).at(-1);
      return latest !== undefined && is(latest) ? latest : null;
    },
    { what: "the incident" },
  );
}

const kindsAbout = (id: string) =>
  bench.decisions.flatMap(({ decision }) => (decision.incident_id === id ? decision.kind : []));

const toState = (id: string, body: unknown, as: Parameters<Bench["call"]>[0] = RESPOND) =>
  bench.call(as, "POST", `/api/incidents/${id}/state`, body);

describe("from alerts to incidents", () => {
  test("an alert becomes an incident that says what was done about it, and is told once", async () => {
    await bench.remove();
    await opened(ON);
    const [first, second] = [anAlert(), anAlert()];
    await bench.alert(first, second, first);
    const latest = await incident(({ alerts }) => alerts === 2);
    expect(latest).toMatchObject({
      tenant: "acme",
      rule: { id: "send" },
      subject: "credential=local:demo",
      state: "open",
      alert: { id: second.id },
      done: { kind: "revoked", revocation: { id: second.id } },
    });
    expect(await notices()).toEqual(["opened"]);
  });

  test("a thousand alerts at once are few incidents and few notices, and each counts once", async () => {
    await bench.remove();
    await opened(OFF, 3);
    const alerts = Array.from({ length: 1000 }, (_, i) =>
      anAlert({ actor: { credential: `local:k${i % 4}`, assurance: "verified" } }),
    );
    for (let from = 0; from < 1000; from += 100) await bench.alert(...alerts.slice(from, from + 100));
    await bench.alert(...alerts.slice(0, 200));
    const latest = await waitFor(async () => {
      const byId = new Map((await versions()).map((version) => [version.id, version]));
      const total = [...byId.values()].reduce((sum, { alerts: count }) => sum + count, 0);
      return total >= 1000 ? [...byId.values()] : null;
    });
    expect(latest.map(({ alerts: count }) => count)).toEqual([250, 250, 250, 250]);
    expect(await notices()).toEqual(["opened", "opened", "opened", "opened"]);
  });

  test("what its finder takes back is resolved", async () => {
    const alert: Alert = anAlert({ tags: ["pipeline"] });
    await bench.alert(alert);
    await incident();
    const at = new Date().toISOString();
    await bench.alert({
      ...alert,
      state: "resolved",
      state_by: "tripline",
      state_note: "it came",
      state_at: at,
    });
    const latest = await incident(({ state }) => state === "resolved");
    expect(latest.history.at(-1)).toMatchObject({ by: "tripline", note: "it came" });
    expect(await notices()).toEqual(["opened", "resolved"]);
    await waitFor(() => kindsAbout(latest.id).length === 1);
    expect(kindsAbout(latest.id)).toEqual(["resolved"]);
  });

  test("a person's revocation and reinstatement because of the alert are told", async () => {
    const alert = anAlert();
    await bench.alert(alert);
    await incident();
    const revoked = await bench.call(RESPOND, "POST", "/api/revocations", {
      scope: "credential",
      subject: "local:demo",
      reason: "it was sent",
      alert_id: alert.id,
    });
    const done = await incident(({ notice }) => notice?.kind === "done");
    expect(done).toMatchObject({ done: { kind: "revoked", revocation: { id: revoked.body.id } } });
    await bench.call({ ...RESPOND, id: "ben" }, "POST", `/api/revocations/${revoked.body.id}/reinstate`, {
      reason: "a false alarm",
    });
    const undone = await incident(({ done: { kind } }) => kind === "reinstated");
    expect(undone.history.at(-1)).toMatchObject({ by: "ben", kind: "reinstated" });
  });
});

describe("a restart", () => {
  test("takes up where it was: nothing is told twice, and the incident grows on", async () => {
    const alert = anAlert();
    await bench.alert(alert);
    const { id } = await incident();
    await toState(id, { to: "acknowledged" });
    const before = await versions();
    await bench.stop();
    await bench.start();
    await bench.alert(alert, anAlert());
    const latest = await incident(({ alerts }) => alerts === 2);
    expect(latest).toMatchObject({ id, state: "acknowledged", version: 3 });
    expect((await versions()).slice(0, before.length)).toEqual(before);
    expect(await notices()).toEqual(["opened", "acknowledged"]);
    expect(kindsAbout(id)).toEqual(["acknowledged"]);
  });

  test("killed before the commit: versions are written again as they were, under the same numbers", async () => {
    const produce = bench.log.produce.bind(bench.log);
    let isDead = false;
    bench.log.produce = async (topic, records) => {
      if (isDead) throw new TriplineError("TRIPLINE_STREAM_CLOSED", "killed", { kind: "permanent" });
      const positions = await produce(topic, records);
      isDead = topic === TOPICS.incidents;
      return positions;
    };
    await bench.alert(anAlert());
    await waitFor(() => isDead);
    await bench.stop();
    bench.log.produce = produce;
    await bench.start();
    const again = await waitFor(async () => {
      const all = await versions();
      return all.length === 2 ? all : null;
    });
    expect(again[1]).toEqual(again[0]);
    expect(again[0]?.notice).toEqual({ kind: "opened", number: 1 });
  });
});

describe("what people decide", () => {
  test("each change is answered when it has taken effect, told, and on record with who and why", async () => {
    await bench.alert(anAlert());
    const { id } = await incident();
    for (const to of ["acknowledged", "resolved", "open", "false_positive"] as const) {
      expect(await toState(id, { to, note: `now ${to}` })).toMatchObject({
        status: 200,
        body: { id, state: to, applied: true },
      });
    }
    expect(await notices()).toEqual(["opened", "acknowledged", "resolved", "reopened", "false_positive"]);
    await waitFor(() => kindsAbout(id).length === 4);
    expect(kindsAbout(id)).toEqual(["acknowledged", "resolved", "reopened", "false_positive"]);
    expect(bench.decisions.at(-1)).toMatchObject({
      tenant: "acme",
      decision: { by: "ana", reason: "now false_positive", incident_id: id, rule_id: "send" },
    });
  });

  test("what makes no sense is refused: the same again, an unknown one, another tenant's", async () => {
    await bench.alert(anAlert());
    const { id } = await incident();
    expect((await toState(id, { to: "open" })).status).toBe(409);
    expect((await toState("0".repeat(64), { to: "resolved" })).status).toBe(404);
    const stranger = { ...RESPOND, tenant: "other" };
    expect((await toState(id, { to: "resolved" }, stranger)).status).toBe(404);
    expect((await toState(id, { to: "gone" })).status).toBe(400);
    expect((await toState(id, { to: "resolved", by: "ben" })).status).toBe(400);
    expect(await versions()).toHaveLength(1);
  });

  test("nobody without the role, and nobody without a token", async () => {
    await bench.alert(anAlert());
    const { id } = await incident();
    const changes = [
      ["POST", `/api/incidents/${id}/state`, { to: "resolved" }],
      ["POST", `/api/incidents/${id}/exception`, { until: "2099-01-01T00:00:00Z", reason: "r" }],
      ["POST", "/api/mutes", { match: { rule: "send" }, until: "2099-01-01T00:00:00Z", reason: "r" }],
      ["DELETE", "/api/mutes/m-1", { reason: "r" }],
      ["DELETE", "/api/exceptions/e-1", { reason: "r" }],
    ] as const;
    for (const [method, path, body] of changes) {
      const roles = ["read", "read_payload", "administer"] as const;
      expect((await bench.call({ roles }, method, path, body)).status, path).toBe(403);
      expect((await fetch(`http://127.0.0.1:${PORT}${path}`, { method })).status, path).toBe(401);
    }
    expect(await versions()).toHaveLength(1);
  });

  test("a secret that somebody types is in no topic and no answer", async () => {
    const canary = ["sk", "ant", "CanaryCanary0123456789CanaryCanary"].join("-");
    await bench.alert(anAlert());
    const { id } = await incident();
    await toState(id, { to: "resolved", note: `he pasted ${canary}` });
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    const answers = [
      await bench.call(RESPOND, "POST", "/api/mutes", { match: { rule: "send" }, until, reason: canary }),
      await bench.call(RESPOND, "POST", `/api/incidents/${id}/exception`, { until, reason: canary }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    const refused = [
      await bench.call(RESPOND, "POST", "/api/mutes", { match: { server: canary }, until, reason: "r" }),
      await bench.call(RESPOND, "POST", `/api/incidents/${id}/exception`, {
        where: { credential: "local:demo", "args.key": canary },
        until,
        reason: "r",
      }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([400, 400]);
    const controls: string[] = [];
    const table = await bench.log.readTable(TOPICS.controls, ({ value }) =>
      controls.push(new TextDecoder().decode(value ?? undefined)),
    );
    await table.loaded;
    await table.close();
    expect(controls).toHaveLength(2);
    const all = JSON.stringify([await versions(), bench.decisions, controls, answers, refused]);
    expect(all).toContain("⟨model_key:");
    expect(all).not.toContain("CanaryCanary");
  });
});

describe("time", () => {
  test("escalates when nobody acknowledged, and resolves after a quiet day; each is on record", async () => {
    await bench.alert(anAlert());
    const { id } = await incident();
    bench.clock = () => Date.now() + HOUR_MS;
    await incident(({ escalation }) => escalation === 1);
    bench.clock = () => Date.now() + 25 * HOUR_MS;
    await incident(({ state }) => state === "resolved");
    expect(await notices()).toEqual(["opened", "escalated", "resolved"]);
    await waitFor(() => kindsAbout(id).length === 2);
    expect(bench.decisions).toMatchObject([
      { decision: { kind: "escalated", by: "policy", reason: "level 1", incident_id: id } },
      { decision: { kind: "resolved", by: "policy", reason: "no further alert came" } },
    ]);
  });
});

describe("mutes", () => {
  const until = () => new Date(bench.clock() + HOUR_MS).toISOString();
  const match = { rule: "send", credential: "local:demo" };

  test("keep notices back until they end, for what matches alone; then the incident speaks", async () => {
    const made = await bench.call(RESPOND, "POST", "/api/mutes", {
      match,
      until: until(),
      reason: "planned",
    });
    expect(made).toMatchObject({
      status: 201,
      body: { tenant: "acme", by: "ana", reason: "planned", match },
    });
    await bench.alert(anAlert(), anAlert({ actor: { credential: "local:other", assurance: "verified" } }));
    await incident(({ subject }) => subject === "credential=local:other");
    const [mine] = (await versions()).filter(({ subject }) => subject === "credential=local:demo");
    expect(mine).toMatchObject({ muted: made.body.id, state: "open" });
    expect(await notices()).toEqual(["opened"]);
    const listed = await bench.call({ roles: ["read"] }, "GET", "/api/mutes");
    expect(listed.body.mutes).toMatchObject([{ id: made.body.id }]);
    expect((await bench.call({ roles: ["read"], tenant: "other" }, "GET", "/api/mutes")).body.mutes).toEqual(
      [],
    );

    const path = `/api/mutes/${made.body.id}`;
    expect((await bench.call({ ...RESPOND, tenant: "other" }, "DELETE", path, { reason: "r" })).status).toBe(
      404,
    );
    expect((await bench.call(RESPOND, "DELETE", path, { reason: "done early" })).status).toBe(200);
    expect((await bench.call(RESPOND, "DELETE", path, { reason: "again" })).status).toBe(404);
    await bench.alert(anAlert());
    const latest = await incident(
      ({ subject, alerts }) => subject === "credential=local:demo" && alerts === 2,
    );
    expect(latest).toMatchObject({ notice: { kind: "opened" } });
    expect(latest).not.toHaveProperty("muted");
    expect(bench.decisions.map(({ decision: { kind, reason } }) => [kind, reason])).toEqual([
      ["muted", "planned"],
      ["unmuted", "done early"],
    ]);
  });

  test.each([
    [{ match: {} }, "at least one"],
    [{ match: { rul: "x" } }, "rul"],
    [{ match: { rule: "a\u001b[2J" } }, "control characters"],
    [{ until: "2020-01-01T00:00:00Z" }, "time to come"],
    [{ until: "2099-01-01T00:00:00Z" }, "within 31 days"],
    [{ reason: " " }, "reason"],
  ])("%j is refused with its place", async (change, message) => {
    const body = { match, until: until(), reason: "planned", ...change };
    const answer = await bench.call(RESPOND, "POST", "/api/mutes", body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(message);
  });
});

describe("exceptions", () => {
  const until = () => new Date(bench.clock() + HOUR_MS).toISOString();
  const except = (id: string, body: object, as: Parameters<Bench["call"]>[0] = RESPOND) =>
    bench.call(as, "POST", `/api/incidents/${id}/exception`, {
      until: until(),
      reason: "our backup",
      ...body,
    });

  test("are narrow by themselves, on record, listed, and removed again", async () => {
    await bench.alert(anAlert({ target: { server: "mail", tool: "*" } }));
    const { id } = await incident();
    const made = await except(id, {});
    expect(made).toMatchObject({
      status: 201,
      body: {
        rule: "send",
        incident_id: id,
        tenant: "acme",
        by: "ana",
        where: { credential: "local:demo", server: "mail", tool: "\\*" },
      },
    });
    const reader = { roles: ["read"] as const };
    expect((await bench.call(reader, "GET", "/api/exceptions")).body.exceptions).toEqual([made.body]);
    expect(
      (await bench.call({ ...reader, tenant: "other" }, "GET", "/api/exceptions")).body.exceptions,
    ).toEqual([]);
    const path = `/api/exceptions/${made.body.id}`;
    expect((await bench.call({ ...RESPOND, tenant: "other" }, "DELETE", path, { reason: "r" })).status).toBe(
      404,
    );
    expect((await bench.call(RESPOND, "DELETE", path, { reason: "no more" })).status).toBe(200);
    expect((await bench.call(reader, "GET", "/api/exceptions")).body.exceptions).toEqual([]);
    expect(kindsAbout(id)).toEqual(["exception_added", "exception_removed"]);
  });

  test.each([
    [{ where: { credential: "local:demo", no_such_field: "x" } }, "no_such_field"],
    [{ where: { credential: "*" } }, "without wildcards"],
    [{ where: { "tool|contains": "send" } }, "without wildcards"],
    [{ where: { credential: "local:demo", "tool|re": "(" } }, "body/where"],
    [{ where: {} }, "body/where"],
    [{ until: "2099-01-01T00:00:00Z" }, "within 92 days"],
    [{ until: undefined }, "until"],
    [{ reason: undefined }, "reason"],
  ])("%j is refused with its place", async (change, message) => {
    await bench.alert(anAlert());
    const { id } = await incident();
    const answer = await except(id, change);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(message);
  });

  test("what no rule found can't be excepted", async () => {
    await bench.alert(anAlert({ rule: { id: "records-missing", title: "Records are missing" } }));
    const { id } = await incident();
    expect(await except(id, {})).toMatchObject({
      status: 409,
      body: { error: { code: "TRIPLINE_RULE_NOT_EXCEPTED" } },
    });
    expect((await except(id, {}, { ...RESPOND, tenant: "other" })).status).toBe(404);
  });
});
