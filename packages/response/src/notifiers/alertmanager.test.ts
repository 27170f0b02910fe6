import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testNotification } from "../notification.ts";
import {
  NEVER_SHOWN,
  type RecordedAnswer,
  RecordingServer,
  TEST_NOW,
  testDeps,
  textsIn,
} from "../testing/recording-server.ts";
import { hostileIncident, sampleNotification } from "../testing/sample-incident.ts";
import { alertmanager } from "./alertmanager.ts";

const server = new RecordingServer(21340);
beforeEach(() => server.start());
afterEach(() => server.stop());

const signal = new AbortController().signal;
const open = (more: Record<string, unknown> = {}) =>
  alertmanager.open(
    { type: "alertmanager", name: "am", url: `${server.url}/am/`, ...more },
    testDeps({ T: "token-canary" }),
  );

function sent(): {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
}[] {
  return server.requests.flatMap(({ body }) => JSON.parse(body));
}

test("an alert for each incident, that ends by itself only long after it is told again", async () => {
  await open({ token: { env: "T" }, labels: { page: "yes" } }).notify(sampleNotification(), signal);
  expect(server.requests[0]).toMatchObject({
    path: "/am/api/v2/alerts",
    headers: { authorization: "Bearer token-canary" },
  });
  const [alert] = sent();
  expect(alert?.labels).toEqual({
    page: "yes",
    alertname: "secret-then-send",
    severity: "high",
    tenant: "acme",
    incident: "1".repeat(64),
  });
  expect(Date.parse(alert?.endsAt ?? "")).toBe(TEST_NOW + 15 * 60_000);
  expect(alert?.annotations).toMatchObject({
    state: "open",
    summary: expect.stringContaining("A secret was read"),
  });
});

test.each(["resolved", "false_positive"] as const)("%s ends it, with words of its own", async (kind) => {
  await open().notify(sampleNotification(kind), signal);
  expect(sent()).toMatchObject([
    { endsAt: new Date(TEST_NOW).toISOString(), annotations: { summary: expect.any(String), state: kind } },
  ]);
});

test("an incident that became graver is one alert, not two", async () => {
  await open().notify(sampleNotification("grew", { severity: "high" }), signal);
  const ended = sent().filter(({ endsAt }) => Date.parse(endsAt) <= TEST_NOW);
  expect(ended.map(({ labels }) => labels.severity)).toEqual(["informational", "low", "medium"]);
  expect(sent().filter(({ endsAt }) => Date.parse(endsAt) > TEST_NOW)).toMatchObject([
    { labels: { severity: "high" } },
  ]);
});

test("it never ends before it starts, whatever the clocks say", async () => {
  await open().notify(sampleNotification("resolved", { opened_at: "2026-11-21T09:45:00.000Z" }), signal);
  const [alert] = sent();
  expect(alert?.startsAt).toBe(alert?.endsAt);
});

test("is reminded of all that is open, in requests of a bounded size", async () => {
  const notifier = open();
  const many = Array.from({ length: 450 }, (_, index) =>
    sampleNotification("opened", { id: String(index).padStart(64, "0") }),
  );
  expect(await notifier.reminder?.tell(many, signal)).toEqual({ kind: "delivered" });
  expect(server.bodies().map((batch) => Object.keys(batch).length)).toEqual([200, 200, 50]);
});

test("a test ends at once", async () => {
  const about = { tenant: "acme", notifier: "am", by: "ana", now: TEST_NOW, publicUrl: "https://t.example" };
  await open().notify(testNotification(about), signal);
  expect(sent()).toMatchObject([
    { labels: { alertname: "notifier-test" }, endsAt: new Date(TEST_NOW).toISOString() },
  ]);
});

describe("answers", () => {
  test.each<[RecordedAnswer, object]>([
    [{ status: 200 }, { kind: "delivered" }],
    [{ status: 400, body: '"at least one label pair required"' }, { kind: "refused" }],
    [{ status: 415 }, { kind: "refused" }],
    [{ status: 500 }, { kind: "retry", about: "notification" }],
    [{ status: 503 }, { kind: "retry", about: "receiver" }],
  ])("%j", async (answer, outcome) => {
    server.answer = answer;
    expect(await open().notify(sampleNotification(), signal)).toMatchObject(outcome);
  });
});

test("hostile text stays text", async () => {
  await open().notify(sampleNotification("acknowledged", hostileIncident()), signal);
  for (const { labels, annotations } of sent()) {
    for (const text of textsIn({ labels, annotations })) expect(text).not.toMatch(NEVER_SHOWN);
  }
});
