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
import { pagerduty } from "./pagerduty.ts";

const server = new RecordingServer(21325);
beforeEach(async () => {
  await server.start();
  server.answer = ACCEPTED;
});
afterEach(() => server.stop());

// Answers of https://developer.pagerduty.com/api-reference/368ae3d938c9e-send-an-event-to-pager-duty
const ACCEPTED: RecordedAnswer = {
  status: 202,
  body: '{"status":"success","message":"Event processed","dedup_key":"tripline-1"}',
};

const signal = new AbortController().signal;
const open = (more: Record<string, unknown> = {}) =>
  pagerduty.open(
    { type: "pagerduty", name: "pd", url: `${server.url}/v2/enqueue`, routing_key: { env: "KEY" }, ...more },
    testDeps({ KEY: "routing-key-canary" }),
  );

describe("each notice as PagerDuty understands it", () => {
  test.each([
    ["opened", "trigger"],
    ["grew", "trigger"],
    ["escalated", "trigger"],
    ["acknowledged", "acknowledge"],
    ["resolved", "resolve"],
    ["false_positive", "resolve"],
    ["reopened", "trigger"],
    ["done", "trigger"],
  ] as const)("%s is %s", async (kind, action) => {
    expect(await open().notify(sampleNotification(kind), signal)).toEqual({ kind: "delivered" });
    expect(server.bodies()).toMatchObject([
      {
        routing_key: "routing-key-canary",
        event_action: action,
        dedup_key: `tripline-${"1".repeat(64)}`,
        payload: {
          severity: "error",
          source: "mail",
          component: "send_email",
          class: "secret-then-send",
          group: "acme",
        },
        links: [
          { href: expect.stringContaining("/#/incidents/") },
          { href: expect.stringContaining("/#/sessions/s-1") },
        ],
      },
    ]);
  });
  test("news about what was closed never opens it again", async () => {
    await open().notify(sampleNotification("done", { state: "resolved" }), signal);
    expect(server.bodies()).toMatchObject([{ event_action: "resolve" }]);
  });
  test("a test is seen and leaves nothing open", async () => {
    const about = {
      tenant: "acme",
      notifier: "pd",
      by: "ana",
      now: TEST_NOW,
      publicUrl: "https://t.example",
    };
    expect(await open().notify(testNotification(about), signal)).toEqual({ kind: "delivered" });
    const sent = server.bodies();
    expect(sent.map(({ event_action }) => event_action)).toEqual(["trigger", "resolve"]);
    expect(sent[0]?.dedup_key).toBe(sent[1]?.dedup_key);
    expect(sent[0]).toMatchObject({ payload: { severity: "info" } });
  });
});

test.each<[RecordedAnswer, object]>([
  [{ status: 400, body: '{"status":"invalid event","errors":["canary"]}' }, { kind: "refused" }],
  [{ status: 403 }, { kind: "refused" }],
  [
    { status: 429, headers: { "retry-after": "30" } },
    { kind: "retry", about: "receiver", afterMs: 30_000 },
  ],
  [{ status: 500 }, { kind: "retry", about: "notification" }],
  [{ status: 503 }, { kind: "retry", about: "receiver" }],
])("%j", async (answer, outcome) => {
  server.answer = answer;
  const got = await open().notify(sampleNotification(), signal);
  expect(got).toMatchObject(outcome);
  expect(JSON.stringify(got)).not.toContain("canary");
});

test("hostile text stays text, within PagerDuty's limits", async () => {
  const incident = hostileIncident();
  const long = { ...incident, alert: { ...incident.alert, summary: "long ".repeat(2000) } };
  for (const each of [incident, long]) await open().notify(sampleNotification("acknowledged", each), signal);
  for (const body of server.bodies()) {
    const { links: _ours, ...captured } = body;
    for (const text of textsIn(captured)) expect(text).not.toMatch(NEVER_SHOWN);
    expect(Object(body.payload).summary.length).toBeLessThanOrEqual(1024);
    expect(String(body.dedup_key).length).toBeLessThanOrEqual(255);
  }
  expect(server.requests.every(({ body }) => body.length < 512 * 1024)).toBe(true);
});

test("an operator's own words, and OCSF as details", async () => {
  await open({ title: "[{{severity}}] {{rule}}", format: "ocsf" }).notify(sampleNotification(), signal);
  expect(server.bodies()).toMatchObject([
    {
      payload: {
        summary: expect.stringMatching(/^\[high\] secret-then-send: /),
        custom_details: { class_uid: 2004 },
      },
    },
  ]);
});
