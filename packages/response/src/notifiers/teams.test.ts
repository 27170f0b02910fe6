import { afterEach, beforeEach, expect, test } from "vitest";
import {
  NEVER_SHOWN,
  type RecordedAnswer,
  RecordingServer,
  testDeps,
  textsIn,
} from "../testing/recording-server.ts";
import { hostileIncident, sampleNotification } from "../testing/sample-incident.ts";
import { teams } from "./teams.ts";

const server = new RecordingServer(21335);
beforeEach(async () => {
  await server.start();
  server.answer = { status: 202 };
});
afterEach(() => server.stop());

const signal = new AbortController().signal;
const open = (more: Record<string, unknown> = {}) =>
  teams.open(
    { type: "teams", name: "t", webhook_url: { env: "HOOK" }, ...more },
    testDeps({ HOOK: `${server.url}/workflows/1/triggers/manual?sig=path-canary` }),
  );
function cardOf(body: Record<string, unknown> | undefined) {
  const [attachment] = Array.isArray(body?.attachments) ? body.attachments : [];
  return Object(attachment);
}

test("an adaptive card of text runs, with links as actions", async () => {
  expect(await open().notify(sampleNotification(), signal)).toEqual({ kind: "delivered" });
  expect(server.requests[0]?.path).toBe("/workflows/1/triggers/manual?sig=path-canary");
  const [body] = server.bodies();
  expect(body).toMatchObject({ type: "message" });
  const card = cardOf(body);
  expect(card.contentType).toBe("application/vnd.microsoft.card.adaptive");
  expect(card.content).toMatchObject({ type: "AdaptiveCard", version: "1.4" });
  expect(card.content.actions[0]).toMatchObject({
    type: "Action.OpenUrl",
    url: expect.stringContaining("#/incidents/"),
  });
  expect(textsIn(card.content.body)).toContain("New: A secret was read and then sent out (high)");
});

test.each<[RecordedAnswer, object]>([
  [{ status: 200, body: "1" }, { kind: "delivered" }],
  [
    { status: 400, body: '{"error":{"code":"TriggerInputSchemaMismatch","message":"canary"}}' },
    { kind: "refused" },
  ],
  [{ status: 401, body: '{"error":{"code":"DirectApiAuthorizationRequired"}}' }, { kind: "refused" }],
  [{ status: 404, body: '{"error":{"code":"WorkflowNotFound"}}' }, { kind: "refused" }],
  [
    { status: 429, headers: { "retry-after": "10" } },
    { kind: "retry", about: "receiver", afterMs: 10_000 },
  ],
  [
    { status: 502, body: '{"error":{"code":"NoResponse"}}' },
    { kind: "retry", about: "receiver" },
  ],
])("%j", async (answer, outcome) => {
  server.answer = answer;
  const got = await open().notify(sampleNotification(), signal);
  expect(got).toMatchObject(outcome);
  expect(JSON.stringify(got)).not.toContain("canary");
});

test("hostile text stands in text runs alone, where Teams reads no Markdown", async () => {
  await open().notify(sampleNotification("acknowledged", hostileIncident()), signal);
  const { body } = cardOf(server.bodies()[0]).content;
  for (const block of body) {
    expect(block.type).toBe("RichTextBlock");
    for (const run of block.inlines) {
      expect(run.type).toBe("TextRun");
      expect(run.text).not.toMatch(NEVER_SHOWN);
      expect(run.text).not.toContain("\n");
    }
  }
});

test("a message stays below 28 KB and says that it was cut", async () => {
  const incident = hostileIncident("ä".repeat(2000));
  const many = {
    ...incident,
    alert: { ...incident.alert, next: Array.from({ length: 100 }, () => "ä".repeat(1000)) },
  };
  await open().notify(sampleNotification("opened", many), signal);
  expect(Buffer.byteLength(server.requests[0]?.body ?? "")).toBeLessThan(28_000);
  expect(server.requests[0]?.body).toContain("… (cut)");
});
