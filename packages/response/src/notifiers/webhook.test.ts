import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { webhookHeaders, webhookSecret } from "../standard-webhooks.ts";
import { type RecordedAnswer, RecordingServer, TEST_NOW, testDeps } from "../testing/recording-server.ts";
import { sampleNotification } from "../testing/sample-incident.ts";
import { retryAfterMs } from "./http-outcome.ts";
import { webhook } from "./webhook.ts";

const SECRET = `whsec_${Buffer.from("an HMAC key of 32 bytes, exactly").toString("base64")}`;
const server = new RecordingServer(21320);
beforeEach(() => server.start());
afterEach(() => server.stop());

const signal = new AbortController().signal;
function open(more: Record<string, unknown> = {}) {
  const settings = {
    type: "webhook",
    name: "t",
    url: `${server.url}/hook/path-canary`,
    secret: { env: "S" },
  };
  return webhook.open({ ...settings, ...more }, testDeps({ S: SECRET }));
}

test("posts the incident with a signature over exactly the bytes sent", async () => {
  const notifier = open();
  expect(notifier.to).toBe("http://127.0.0.1:21320");
  expect(await notifier.notify(sampleNotification(), signal)).toEqual({ kind: "delivered" });
  const [request] = server.requests;
  const seconds = Math.floor(TEST_NOW / 1000);
  const key = webhookSecret(SECRET, "a test");
  expect(request?.headers).toMatchObject({
    "content-type": "application/json",
    ...webhookHeaders(`${"1".repeat(64)}.2`, seconds, request?.body ?? "", key),
  });
  expect(server.bodies()).toMatchObject([{ type: "incident.opened" }]);
});

test("with the format ocsf it is a Detection Finding", async () => {
  await open({ format: "ocsf" }).notify(sampleNotification("resolved"), signal);
  expect(server.bodies()).toMatchObject([{ class_uid: 2004, activity_id: 3, status: "Resolved" }]);
});

describe("what an answer means", () => {
  test.each<[RecordedAnswer, object]>([
    [{ status: 204 }, { kind: "delivered" }],
    [
      { status: 429, headers: { "retry-after": "7" } },
      { kind: "retry", about: "receiver", afterMs: 7000 },
    ],
    [{ status: 503 }, { kind: "retry", about: "receiver", afterMs: undefined }],
    [{ status: 500 }, { kind: "retry", about: "notification" }],
    [
      { status: 400, body: "path-canary" },
      { kind: "refused", reason: "the receiver answered 400" },
    ],
    [{ status: 410 }, { kind: "refused" }],
    [{ status: 302, headers: { location: "http://169.254.169.254/" } }, { kind: "refused" }],
  ])("%j", async (given, outcome) => {
    server.answer = given;
    const got = await open().notify(sampleNotification(), signal);
    expect(got).toMatchObject(outcome);
    expect(JSON.stringify(got)).not.toContain("canary");
    expect(server.requests).toHaveLength(1);
  });

  test("nobody listening: retried, and the address's path is not told", async () => {
    const outcome = await open({ url: "http://127.0.0.1:21321/path-canary" }).notify(
      sampleNotification(),
      signal,
    );
    expect(outcome).toMatchObject({ kind: "retry", about: "receiver" });
    expect(JSON.stringify(outcome)).toContain("ECONNREFUSED");
    expect(JSON.stringify(outcome)).not.toContain("canary");
  });

  test("an internal address that is not allowed is refused and not connected to", async () => {
    const outcome = await open({ url: "http://10.255.255.1/path-canary" }).notify(
      sampleNotification(),
      signal,
    );
    expect(outcome).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("egress.allow_internal"),
    });
  });
});

test("a secret that is missing or none shows when it is opened, and is not told", () => {
  const openWith = (env: Record<string, string>) => () =>
    webhook.open({ type: "webhook", name: "t", url: server.url, secret: { env: "S" } }, testDeps(env));
  expect(openWith({})).toThrow("the environment variable S is not set");
  expect(openWith({ S: "secret-canary" })).toThrow("must be whsec_");
  expect(openWith({ S: "secret-canary" })).not.toThrow("canary");
});

test("a secret that can't be read any more is waited for", async () => {
  const env: Record<string, string> = { S: SECRET };
  const settings = { type: "webhook", name: "t", url: server.url, secret: { env: "S" } };
  const notifier = webhook.open(settings, testDeps(env));
  delete env.S;
  expect(await notifier.notify(sampleNotification(), signal)).toMatchObject({
    kind: "retry",
    about: "receiver",
  });
  expect(server.requests).toEqual([]);
});

test.each([
  [null, undefined],
  ["0", 0],
  ["120", 120_000],
  ["999999999", 3_600_000],
  ["Sat, 21 Nov 2026 09:31:00 GMT", 59_500],
  ["Sat, 21 Nov 2020 09:31:00 GMT", 0],
  ["soon", undefined],
])("Retry-After %j is %j ms", (header, expected) => {
  expect(retryAfterMs(header, TEST_NOW)).toBe(expected);
});
