import { generateKeyPairSync } from "node:crypto";
import {
  type Alert,
  alertSchema,
  type Revocation,
  TOPICS,
  type Triage,
  triageSchema,
} from "@tripline/events";
import { signingKeyFromPem, signRevocation } from "@tripline/response";
import { createMemoryLog, type Log } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { anAlert, Bench } from "../testing/bench.ts";
import { anId, FakeInterceptor } from "./testing/events.ts";

const PORT = 20788;
const ON = `
deadlines: {interceptors: 30s}
automatic_revocation:
  limit: {keys: 100, minutes: 10}
  rules: {send: {enabled: true}}
`;
const MINUTE_MS = 60_000;

let bench: Bench;
let alerts: Alert[];
let triage: Triage[];

beforeEach(async () => {
  bench = await Bench.create(PORT, ON);
  alerts = [];
  triage = [];
  await collect(bench.log, TOPICS.alerts, (json) => alerts.push(alertSchema.parse(json)));
  await collect(bench.log, TOPICS.triage, (json) => triage.push(triageSchema.parse(json)));
});
afterEach(() => bench.remove());

async function collect(log: Log, topic: string, take: (json: unknown) => void): Promise<void> {
  await log.consume({
    topic,
    group: `test-${topic.replaceAll(".", "-")}`,
    onAssigned: async () => ({
      startAt: 0,
      onBatch: async (records) => {
        for (const { value } of records) take(JSON.parse(Buffer.from(value ?? []).toString()));
      },
    }),
  });
}

/** These interceptors live, and the alert's key is taken away. */
async function revokedWith(...interceptors: FakeInterceptor[]): Promise<Revocation> {
  await bench.log.produce(
    TOPICS.events,
    interceptors.map((each) => each.heartbeat()),
  );
  await bench.start();
  await waitFor(async () => /watch_batch_seconds_count\{[^}]*\} [1-9]/.test(await bench.metrics()), {
    what: "the watch to have read them",
  });
  const alert = anAlert();
  await bench.alert(alert);
  await bench.decided(alert);
  return waitFor(() => bench.revocations.find(({ id }) => id === alert.id) ?? null, {
    what: "the revocation",
  });
}

function decisionsOf(...kinds: string[]) {
  return bench.decisions
    .filter(({ decision }) => kinds.includes(decision.kind))
    .map(({ decision }) => decision);
}

function raised(rule: string, state?: string): Alert[] {
  return alerts.filter((alert) => alert.rule.id === rule && alert.state === state);
}

function later(ms: number): void {
  bench.clock = () => Date.now() + ms;
}

/** Waits until the desk has looked again at everything that is in the log. */
async function lookedAgain(): Promise<void> {
  const marker = anAlert({ rule: { id: "marker", title: "m", hash: "c".repeat(64) } });
  await bench.alert(marker);
  await waitFor(() => triage.some((each) => each.kind === "alert" && each.alert.id === marker.id));
  const looks = async () =>
    Number(/tripline_responder_enforcement_looks_total\{[^}]*\} (\d+)/.exec(await bench.metrics())?.[1] ?? 0);
  const before = await looks();
  await waitFor(async () => (await looks()) >= before + 2, { what: "two looks of the desk" });
}

describe("an interceptor that does not say in time that it refuses", () => {
  test("is named in an alert and a record, those that do or can't refuse are not; told once, also over a restart", async () => {
    const [there, cut] = [new FakeInterceptor("gw-1"), new FakeInterceptor("gw-2")];
    const laptop = new FakeInterceptor("laptop", { enforcement: "advisory" });
    const plain = new FakeInterceptor("recorder");
    const other = new FakeInterceptor("gw-9", { tenant: "other" });
    await bench.log.produce(TOPICS.events, [
      plain.heartbeat({ deny_list: { status: "none", entries: 0, rejected: 0 } }),
      plain.call(anId()),
    ]);
    const entry = await revokedWith(there, cut, laptop, other);
    await bench.log.produce(TOPICS.events, [there.applied(entry)]);
    later(MINUTE_MS);
    const [record] = await waitFor(() =>
      decisionsOf("not_enforced").length > 0 ? decisionsOf("not_enforced") : null,
    );
    expect(record).toMatchObject({
      revocation_id: entry.id,
      by: "policy",
      interceptors: [{ producer: "gw-2", boot: cut.boot }],
    });
    const [alert] = await waitFor(() => {
      const found = raised("revocation-not-enforced");
      return found.length > 0 ? found : null;
    });
    expect(alert).toMatchObject({
      severity: "critical",
      group: `revocation=${entry.id}`,
      response: { revocable: false },
    });
    expect(alert?.summary).toMatch(/gw-2$/);

    await bench.stop();
    await bench.start();
    await lookedAgain();
    expect(decisionsOf("not_enforced")).toHaveLength(1);
    expect(raised("revocation-not-enforced")).toHaveLength(1);

    await bench.log.produce(TOPICS.events, [cut.applied(entry)]);
    const [enforced] = await waitFor(() =>
      decisionsOf("enforced").length > 0 ? decisionsOf("enforced") : null,
    );
    expect(enforced).toMatchObject({ revocation_id: entry.id, interceptors: [{ producer: "gw-2" }] });
    await waitFor(() => raised("revocation-not-enforced", "resolved").length === 1);
    expect(raised("revocation-not-enforced", "resolved").map(({ id }) => id)).toEqual([alert?.id]);
  });

  test("comes back while the responder is down: resolved when it is up again, once", async () => {
    const cut = new FakeInterceptor("gw-2");
    const entry = await revokedWith(cut);
    later(MINUTE_MS);
    await waitFor(() => decisionsOf("not_enforced").length === 1);
    await bench.stop();
    await bench.log.produce(TOPICS.events, [cut.applied(entry), cut.heartbeat()]);
    await bench.start();
    await waitFor(() => decisionsOf("enforced").length === 1, { what: "the enforced record" });
    await bench.stop();
    await bench.start();
    await lookedAgain();
    expect(decisionsOf("enforced", "not_enforced")).toHaveLength(2);
    expect(raised("revocation-not-enforced", "resolved")).toHaveLength(1);
  });

  test.each(["a goodbye", "a new boot"])("ends by %s: nothing waits for it any more", async (how) => {
    const cut = new FakeInterceptor("gw-2");
    await revokedWith(cut);
    later(MINUTE_MS);
    await waitFor(() => decisionsOf("not_enforced").length === 1);
    const end =
      how === "a goodbye" ? cut.heartbeat({ goodbye: true }) : new FakeInterceptor("gw-2").heartbeat();
    await bench.log.produce(TOPICS.events, [end]);
    const [resolved] = await waitFor(() => {
      const found = raised("revocation-not-enforced", "resolved");
      return found.length > 0 ? found : null;
    });
    expect(resolved?.state_note).toBe("the interceptors that it names have ended");
  });

  test("its revocation is reinstated: resolved, and nothing says that it was enforced", async () => {
    const entry = await revokedWith(new FakeInterceptor("gw-2"));
    later(MINUTE_MS);
    await waitFor(() => decisionsOf("not_enforced").length === 1);
    const path = `/api/revocations/${entry.id}/reinstate`;
    expect((await bench.call({ roles: ["respond"] }, "POST", path, { reason: "r" })).status).toBe(200);
    await waitFor(() => raised("revocation-not-enforced", "resolved").length === 1);
    expect(decisionsOf("enforced")).toEqual([]);
  });

  test("an advisory one is told of only when it was heard after the deadline and does not refuse", async () => {
    const [talking, silent] = ["laptop-1", "laptop-2"].map(
      (name) => new FakeInterceptor(name, { enforcement: "advisory" }),
    );
    if (talking === undefined || silent === undefined) throw new Error("two were made");
    await bench.remove();
    let passed = 0;
    bench = await Bench.create(PORT, ON, createMemoryLog({ now: () => Date.now() + passed }));
    bench.clock = () => Date.now() + passed;
    await revokedWith(talking, silent);
    passed = MINUTE_MS;
    await bench.log.produce(TOPICS.events, [talking.heartbeat()]);
    passed = 2 * MINUTE_MS; // it may have been looked at just before it was heard
    const [record] = await waitFor(() =>
      decisionsOf("not_enforced").length > 0 ? decisionsOf("not_enforced") : null,
    );
    expect(record?.interceptors).toMatchObject([{ producer: "laptop-1" }]);
  });
});

test("calls under way when the key dies are in what was done, with those of others left out", async () => {
  const gateway = new FakeInterceptor("gw-1");
  const [open, ended, others] = [anId(), anId(), anId()];
  await bench.log.produce(TOPICS.events, [
    gateway.intent(open, { tool: "wire" }),
    gateway.intent(ended),
    gateway.intent(others, { credential: "local:other" }),
    gateway.call(ended),
  ]);
  await revokedWith(gateway);
  const told = await waitFor(() => triage.find((each) => each.kind === "alert") ?? null);
  expect(told).toMatchObject({
    done: { kind: "revoked", in_flight: [{ server: "mail", tool: "wire" }] },
  });
});

test("each revocation's times are histograms", async () => {
  const gateway = new FakeInterceptor("gw-1");
  const entry = await revokedWith(gateway);
  await bench.log.produce(TOPICS.events, [gateway.applied(entry)]);
  await waitFor(
    async () =>
      /tripline_revocation_denied_seconds_count\{[^}]*since="detected"[^}]*\} 1/.test(
        await bench.metrics(),
      ) &&
      /tripline_revocation_denied_seconds_count\{[^}]*since="decided"[^}]*\} 1/.test(await bench.metrics()),
    { what: "both observations" },
  );
  expect(await bench.metrics()).toMatch(/tripline_revocation_detected_to_decided_seconds_count\{[^}]*\} 1/);
});

describe("forged entries", () => {
  function forged(id: string): { key: string; value: Buffer } {
    const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const entry: Revocation = {
      ...{ v: 1, id, tenant: "acme", scope: "server", subject: "mail", state: "active" },
      ...{ reason: "forged", by: "policy", decided_at: new Date().toISOString() },
    };
    const value = Buffer.from(JSON.stringify(signRevocation(entry, signingKeyFromPem(pem, "a test"))));
    return { key: `acme/server/mail/${id}`, value };
  }

  test("in the topic, signed by another key or by none, page once an hour, also over a restart", async () => {
    await bench.start();
    const unsigned = {
      key: "acme/server/mail/x",
      value: Buffer.from(JSON.stringify({ v: 1, tenant: "acme" })),
    };
    await bench.log.produce(TOPICS.revocations, [forged("f-1"), forged("f-2"), unsigned]);
    await waitFor(() => raised("revocation-forged").length > 0);
    await bench.stop();
    await bench.start();
    await lookedAgain();
    expect(new Set(raised("revocation-forged").map(({ id }) => id)).size).toBe(1);
    expect(raised("revocation-forged")[0]).toMatchObject({ tenant: "acme", severity: "critical" });
  });

  test("that interceptors refused page too, though the responder never saw them", async () => {
    const gateway = new FakeInterceptor("gw-1");
    await bench.start();
    const said = (rejected: number) =>
      gateway.heartbeat({ deny_list: { status: "fresh", entries: 0, rejected } });
    await bench.log.produce(TOPICS.events, [said(0), said(4)]);
    const [alert] = await waitFor(() =>
      raised("revocation-forged").length > 0 ? raised("revocation-forged") : null,
    );
    expect(alert?.summary).toMatch(/^4 entries .* interceptor gw-1/);
  });
});

test("a log of several partitions: each interceptor is found wherever its records are", async () => {
  await bench.remove();
  bench = await Bench.create(PORT, ON, createMemoryLog(), 4);
  const all = Array.from({ length: 12 }, (_, i) => new FakeInterceptor(`gw-${i}`));
  const entry = await revokedWith(...all);
  await bench.log.produce(
    TOPICS.events,
    all.slice(0, 9).map((each) => each.applied(entry)),
  );
  later(MINUTE_MS);
  await waitFor(() => decisionsOf("not_enforced").length > 0);
  const named = decisionsOf("not_enforced").flatMap(({ interceptors }) => interceptors ?? []);
  expect(named.map(({ producer }) => producer).sort()).toEqual(["gw-10", "gw-11", "gw-9"]);
});
