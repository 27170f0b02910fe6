import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  NEVER_SHOWN,
  type RecordedAnswer,
  RecordingServer,
  testDeps,
  textsIn,
} from "../testing/recording-server.ts";
import { hostileIncident, sampleNotification } from "../testing/sample-incident.ts";
import { slack } from "./slack.ts";

const server = new RecordingServer(21330);
beforeEach(() => server.start());
afterEach(() => server.stop());

const signal = new AbortController().signal;
const env = { HOOK: `${server.url}/services/path-canary`, TOKEN: "token-canary" };
const byWebhook = (more: Record<string, unknown> = {}) =>
  slack.open({ type: "slack", name: "s", webhook_url: { env: "HOOK" }, ...more }, testDeps(env));
const byToken = () =>
  slack.open(
    {
      type: "slack",
      name: "s",
      token: { env: "TOKEN" },
      channel: "C1",
      url: `${server.url}/api/chat.postMessage`,
    },
    testDeps(env),
  );

test("a message of blocks with links as buttons", async () => {
  server.answer = { status: 200, body: "ok" };
  const notifier = byWebhook();
  expect(notifier.to).toBe(server.url);
  expect(await notifier.notify(sampleNotification(), signal)).toEqual({ kind: "delivered" });
  expect(server.requests[0]?.path).toBe("/services/path-canary");
  const [body] = server.bodies();
  expect(body).toMatchObject({
    unfurl_links: false,
    blocks: expect.arrayContaining([
      {
        type: "header",
        text: { type: "plain_text", emoji: false, text: "New: A secret was read and then sent out (high)" },
      },
      expect.objectContaining({
        type: "actions",
        elements: [
          expect.objectContaining({ url: expect.stringContaining("#/incidents/") }),
          expect.anything(),
        ],
      }),
    ]),
  });
});

test("without buttons the links stand in the text; own words take the place of ours", async () => {
  await byWebhook({ buttons: false, text: "{{summary}} by {{team}}" }).notify(sampleNotification(), signal);
  const [body] = server.bodies();
  expect(JSON.stringify(body?.blocks)).not.toContain('"actions"');
  expect(textsIn(body?.blocks)).toContain("local:demo read .env and then sent a mail by ");
  expect(
    textsIn(body?.blocks).some((text) => text.startsWith("Open the incident: https://tripline.example.com")),
  ).toBe(true);
});

// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
describe("answers of an incoming webhook", () => {
  test.each<[RecordedAnswer, object]>([
    [{ status: 200, body: "ok" }, { kind: "delivered" }],
    [{ status: 400, body: "invalid_payload" }, { kind: "refused" }],
    [{ status: 403, body: "invalid_token" }, { kind: "refused" }],
    [{ status: 404, body: "no_service" }, { kind: "refused" }],
    [{ status: 410, body: "channel_is_archived" }, { kind: "refused" }],
    [
      { status: 429, headers: { "retry-after": "30" } },
      { kind: "retry", about: "receiver", afterMs: 30_000 },
    ],
    [
      { status: 500, body: "rollup_error" },
      { kind: "retry", about: "notification" },
    ],
  ])("%j", async (answer, outcome) => {
    server.answer = answer;
    const got = await byWebhook().notify(sampleNotification(), signal);
    expect(got).toMatchObject(outcome);
    expect(JSON.stringify(got)).not.toContain("canary");
  });
});

// https://docs.slack.dev/reference/methods/chat.postMessage
describe("answers of chat.postMessage", () => {
  test.each<[RecordedAnswer, object]>([
    [{ status: 200, body: '{"ok":true,"channel":"C1","ts":"1.2"}' }, { kind: "delivered" }],
    [
      { status: 200, body: '{"ok":false,"error":"channel_not_found"}' },
      { kind: "refused", reason: "Slack answered channel_not_found" },
    ],
    [{ status: 200, body: '{"ok":false,"error":"token_revoked"}' }, { kind: "refused" }],
    [
      { status: 200, body: '{"ok":false,"error":"internal_error"}' },
      { kind: "retry", about: "receiver" },
    ],
    [
      { status: 429, headers: { "retry-after": "5" }, body: '{"ok":false,"error":"ratelimited"}' },
      { kind: "retry", about: "receiver", afterMs: 5000 },
    ],
    [{ status: 200, body: '{"ok":false,"error":"a sentence with path-canary"}' }, { kind: "refused" }],
    [
      { status: 200, body: "<html>a proxy's page</html>" },
      { kind: "retry", about: "receiver" },
    ],
    [{ status: 503 }, { kind: "retry", about: "receiver" }],
  ])("%j", async (answer, outcome) => {
    server.answer = answer;
    const got = await byToken().notify(sampleNotification(), signal);
    expect(got).toMatchObject(outcome);
    expect(JSON.stringify(got)).not.toContain("canary");
    expect(server.requests[0]?.headers.authorization).toBe("Bearer token-canary");
    expect(server.bodies()).toMatchObject([{ channel: "C1" }]);
  });
});

function allBlocks(): { type: string; text?: { type: string; text: string } }[] {
  return server.bodies().flatMap(({ blocks }) => (Array.isArray(blocks) ? blocks : []));
}

test("hostile text mentions nobody, links nowhere, and is no markup", async () => {
  await byWebhook().notify(sampleNotification("acknowledged", hostileIncident()), signal);
  const [body] = server.bodies();
  for (const { type, text } of allBlocks()) {
    if (type === "actions") continue;
    expect(text?.type).toBe("plain_text");
    expect(text?.text).not.toMatch(NEVER_SHOWN);
    expect(text?.text).not.toMatch(/[<>]/);
  }
  expect(body?.text).not.toMatch(/[<>*_~`]/);
  expect(body?.text).not.toMatch(NEVER_SHOWN);
});

test("Slack's limits hold for any text", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom("&", "<", "x", "\u{1f600}", " "), minLength: 900, maxLength: 3000 }),
      async (text) => {
        server.requests.length = 0;
        await byWebhook({ text: "{{summary}} {{why}} {{calls}} {{done}} {{next}}" }).notify(
          sampleNotification("opened", hostileIncident(text)),
          signal,
        );
        const all = allBlocks();
        expect(all.length).toBeLessThanOrEqual(50);
        for (const { type, text: shown } of all) {
          if (shown !== undefined)
            expect(shown.text.length).toBeLessThanOrEqual(type === "header" ? 150 : 3000);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test.each([
  [{}, "give either webhook_url or token"],
  [{ token: { env: "TOKEN" } }, "channel belongs to token"],
  [{ webhook_url: { env: "TOKEN" } }, "does not hold an https:// address"],
])("%j is refused: %s", (settings, mistake) => {
  expect(() => slack.open({ type: "slack", name: "s", ...settings }, testDeps(env))).toThrow(mistake);
});
