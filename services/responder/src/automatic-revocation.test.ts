import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { revocationKey, TOPICS, TriplineError } from "@tripline/events";
import {
  loadOrCreateSigningKey,
  signingKeyFromPem,
  signRevocation,
  verifyRevocation,
} from "@tripline/response";
import { createMemoryLog, DEAD_LETTER_HEADERS } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { anAlert, Bench } from "./testing/bench.ts";

const ON = `
automatic_revocation:
  limit: {keys: 2, minutes: 10}
  never_revoke: ["local:ci-*"]
  rules:
    send: {enabled: true}
    dry: {enabled: true, dry_run: true}
    listed: {enabled: true, credentials: ["local:demo"], expires_after: 1h}
`;
const PORT = 20710;

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create(PORT, ON);
});
afterEach(() => bench.remove());

function by(rule: string) {
  return { rule: { id: rule, title: "t", hash: "b".repeat(64) } };
}

function ofKey(credential: string) {
  return {
    actor: { credential, assurance: "verified" as const },
    response: { revocable: true, scope: "credential" as const, subject: credential },
  };
}

test("an alert revokes: a signed entry first, then the record of the decision", async () => {
  await bench.start();
  const alert = anAlert();
  await bench.alert(alert);
  const [decision] = await bench.decided(alert);
  const [signed] = bench.revocations;
  expect(verifyRevocation(signed, bench.responder.publicKeys)).toMatchObject({
    id: alert.id,
    tenant: "acme",
    scope: "credential",
    subject: "local:demo",
    state: "active",
    by: "policy",
    detected_at: alert.detected_at,
  });
  expect(decision).toMatchObject({
    kind: "revoked",
    by: "policy",
    revocation_id: alert.id,
    rule_id: "send",
    detected_at: alert.detected_at,
    decided_at: signed?.decided_at,
  });
  expect(bench.order).toEqual(["revocation", "revoked"]);
});

describe("each guard, end to end: a record says why, and nothing is revoked", () => {
  test.each([
    [
      "asserted",
      { actor: { credential: "local:demo", assurance: "asserted" as const } },
      /asserted, not verified/,
    ],
    ["a rule that may not revoke", { response: { revocable: false } }, /never revoke/],
    ["never_revoke", ofKey("local:ci-7"), /never_revoke/],
    [
      "a server",
      { response: { revocable: true, scope: "server" as const, subject: "mail" } },
      /needs a person/,
    ],
  ])("%s", async (_what, changes, reason) => {
    await bench.start();
    const alert = anAlert(changes);
    await bench.alert(alert);
    expect(await bench.decided(alert)).toMatchObject([
      { kind: "withheld", reason: expect.stringMatching(reason) },
    ]);
    expect(bench.revocations).toEqual([]);
  });

  test("dry run", async () => {
    await bench.start();
    const alert = anAlert(by("dry"));
    await bench.alert(alert);
    expect(await bench.decided(alert)).toMatchObject([{ kind: "would_revoke", subject: "local:demo" }]);
    expect(bench.revocations).toEqual([]);
  });

  test("a rule that is off, or on for other credentials, leaves no trace", async () => {
    await bench.start();
    const last = anAlert();
    await bench.alert(anAlert(by("unknown")), anAlert({ ...by("listed"), ...ofKey("local:other") }), last);
    await bench.decided(last);
    expect(bench.decisions).toHaveLength(1);
  });

  test("the limit holds for a tenant by itself, also after a restart", async () => {
    await bench.start();
    const alerts = ["local:a", "local:b", "local:c"].map((credential) => anAlert(ofKey(credential)));
    await bench.alert(...alerts);
    for (const alert of alerts) await bench.decided(alert);
    await bench.stop();
    await bench.start();
    const [later, other] = [anAlert(ofKey("local:d")), anAlert({ ...ofKey("local:d"), tenant: "other" })];
    await bench.alert(later, other);
    await bench.decided(other);
    const kinds = bench.decisions.map(({ tenant, decision }) => `${tenant} ${decision.kind}`);
    expect(kinds).toEqual([
      "acme revoked",
      "acme revoked",
      "acme halted",
      "acme withheld",
      "acme withheld",
      "other revoked",
    ]);
  });

  test("the limit's minutes pass", async () => {
    await bench.start();
    const alerts = ["local:a", "local:b"].map((credential) => anAlert(ofKey(credential)));
    await bench.alert(...alerts);
    for (const alert of alerts) await bench.decided(alert);
    bench.clock = () => Date.now() + 11 * 60_000;
    const later = anAlert(ofKey("local:c"));
    await bench.alert(later);
    expect(await bench.decided(later)).toMatchObject([{ kind: "revoked" }]);
  });
});

test("a revocation that ends by itself says when", async () => {
  await bench.start();
  const alert = anAlert(by("listed"));
  await bench.alert(alert);
  await bench.decided(alert);
  const [entry] = bench.revocations;
  expect(Date.parse(entry?.expires_at ?? "") - Date.parse(entry?.decided_at ?? "")).toBe(3600_000);
});

test("an alert written twice is decided once, also across a restart", async () => {
  await bench.start();
  const [first, last] = [anAlert({ actor: { assurance: "unknown" } }), anAlert()];
  await bench.alert(first, first);
  await bench.decided(first);
  await bench.stop();
  await bench.start();
  await bench.alert(first, last);
  await bench.decided(last);
  expect(bench.decisions.map(({ decision }) => decision.kind)).toEqual(["withheld", "revoked"]);
});

test("what a person reinstated is never revoked again when the alert comes again, even to a responder without memory", async () => {
  await bench.start();
  const alert = anAlert();
  await bench.alert(alert);
  await bench.decided(alert);
  const reinstated = await bench.call(
    { roles: ["respond"] },
    "POST",
    `/api/revocations/${alert.id}/reinstate`,
    {
      reason: "a false alarm",
    },
  );
  expect(reinstated.status).toBe(200);
  await bench.stop();
  // The state is lost: the commit goes back to the start, and the alert is handled as if new.
  const consumer = await bench.log.consume({
    topic: TOPICS.alerts,
    group: "responder",
    onAssigned: async (assignment) => {
      await assignment.commit(0, "");
      return { startAt: 0, onBatch: async () => undefined };
    },
  });
  await waitFor(async () => (await bench.log.committed(TOPICS.alerts, "responder")).get(0)?.offset === 0);
  await consumer.close();
  await bench.start();
  const decisions = await bench.decided(alert, 3);
  expect(decisions.map(({ kind }) => kind)).toEqual(["revoked", "reinstated", "withheld"]);
  expect(bench.revocations.map(({ state }) => state)).toEqual(["active", "reinstated"]);
});

test("an entry that another key signed is not believed", async () => {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const alert = anAlert();
  const forged = signRevocation(
    {
      v: 1,
      id: alert.id,
      tenant: "acme",
      scope: "credential",
      subject: "local:demo",
      state: "reinstated",
      reason: "forged",
      by: "policy",
      decided_at: new Date().toISOString(),
    },
    signingKeyFromPem(pem, "a test"),
  );
  const key = `acme/credential/local:demo/${alert.id}`;
  await bench.log.produce(TOPICS.revocations, [{ key, value: Buffer.from(JSON.stringify(forged)) }]);
  await bench.start();
  expect(() => verifyRevocation(forged, bench.responder.publicKeys)).toThrow("unknown key");
  await bench.alert(alert);
  expect(await bench.decided(alert)).toMatchObject([{ kind: "revoked" }]);
});

test("what is no alert becomes a dead letter and holds nothing up", async () => {
  const letters: string[] = [];
  await bench.log.consume({
    topic: TOPICS.deadLetters,
    group: "test",
    onAssigned: async () => ({
      onBatch: async (records) => {
        for (const record of records) letters.push(record.headers[DEAD_LETTER_HEADERS.reason] ?? "");
      },
    }),
  });
  await bench.start();
  const alert = anAlert();
  await bench.log.produce(TOPICS.alerts, [{ key: "x", value: Buffer.from("{") }]);
  await bench.alert(alert);
  await bench.decided(alert);
  await waitFor(() => letters.length === 1);
  expect(letters).toEqual(["TRIPLINE_ALERT_INVALID"]);
});

test("stopped between the revocation and its record: the record is made up for, the entry is not written again", async () => {
  await bench.start();
  const alert = anAlert();
  const keys = join(bench.dir, "keys");
  const entry = {
    v: 1 as const,
    id: alert.id,
    tenant: "acme",
    scope: "credential" as const,
    subject: "local:demo",
    state: "active" as const,
    reason: "rule send: A secret was sent out",
    by: "policy",
    alert_id: alert.id,
    rule_id: "send",
    decided_at: "2026-11-21T09:30:00.000Z",
  };
  const value = Buffer.from(JSON.stringify(signRevocation(entry, loadOrCreateSigningKey(keys))));
  await bench.log.produce(TOPICS.revocations, [{ key: revocationKey(entry), value }]);
  await waitFor(() => bench.revocations.length === 1);
  await bench.alert(alert);
  expect(await bench.decided(alert)).toMatchObject([
    { kind: "revoked", decided_at: "2026-11-21T09:30:00.000Z" },
  ]);
  expect(bench.revocations).toHaveLength(1);
});

test("the limit holds when alerts of several partitions come at once", async () => {
  await bench.remove();
  bench = await Bench.create(PORT, ON, createMemoryLog(), 4);
  await bench.start();
  const alerts = Array.from({ length: 24 }, (_, i) => anAlert(ofKey(`local:p${i}`)));
  await Promise.all(alerts.map((alert) => bench.alert(alert)));
  for (const alert of alerts) await bench.decided(alert);
  expect(bench.revocations).toHaveLength(2);
  expect(bench.decisions.filter(({ decision }) => decision.kind === "withheld")).toHaveLength(22);
});

test("the log refuses for a while: what it refused is done when it is back, once", async () => {
  await bench.start();
  const produce = bench.log.produce.bind(bench.log);
  let refused = 0;
  bench.log.produce = async (topic, records) => {
    if (topic === TOPICS.alerts || refused >= 5) return produce(topic, records);
    refused += 1;
    throw new TriplineError("TRIPLINE_STREAM_FULL", "full", { kind: "retriable" });
  };
  const alert = anAlert();
  await bench.alert(alert);
  expect(await bench.decided(alert)).toMatchObject([{ kind: "revoked" }]);
  expect(refused).toBe(5);
  expect(bench.revocations).toHaveLength(1);
});
