import { createServer, type IncomingMessage, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Notification, notificationId } from "./notification.ts";
import { webhookHeaders, webhookSecret } from "./standard-webhooks.ts";
import { sampleAlert } from "./testing/sample-alert.ts";
import { createWebhook, retryAfterMs } from "./webhook.ts";

const PORT = 20700;
const SECRET = `whsec_${Buffer.from("an HMAC key of 32 bytes, exactly").toString("base64")}`;
const NOW = Date.parse("2026-11-21T09:30:00.500Z");

interface Answer {
  status: number;
  headers?: Record<string, string>;
  hang?: boolean;
}
let server: Server;
let answer: Answer;
let requests: { headers: IncomingMessage["headers"]; body: string; url: string | undefined }[];

beforeEach(async () => {
  requests = [];
  answer = { status: 204 };
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      requests.push({ headers: request.headers, body, url: request.url });
      if (answer.hang === true) return;
      response.writeHead(answer.status, answer.headers).end("the receiver's own words");
    });
  });
  await new Promise<void>((resolve) => server.listen(PORT, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function notify(url = `http://127.0.0.1:${PORT}/hook/path-canary`, signal = new AbortController().signal) {
  const alert = sampleAlert();
  const notification: Notification = {
    id: notificationId(alert),
    alert,
    done: { kind: "none", reason: "off" },
    publicUrl: "http://127.0.0.1:4180",
  };
  const secret = webhookSecret(SECRET, "a test");
  return createWebhook({ name: "t", url, secret, now: () => NOW, timeoutMs: 500 }).notify(
    notification,
    signal,
  );
}

test("posts the alert with a signature over exactly the bytes sent", async () => {
  expect(await notify()).toEqual({ kind: "delivered" });
  const [request] = requests;
  expect(request?.headers).toMatchObject({
    "content-type": "application/json",
    ...webhookHeaders(
      `alert_${sampleAlert().id}`,
      1795253400,
      request?.body ?? "",
      webhookSecret(SECRET, "a test"),
    ),
  });
  expect(JSON.parse(request?.body ?? "")).toMatchObject({ type: "alert.detected" });
});

describe("what an answer means", () => {
  test.each<[Answer, object]>([
    [{ status: 200 }, { kind: "delivered" }],
    [
      { status: 429, headers: { "retry-after": "7" } },
      { kind: "retry", about: "receiver", afterMs: 7000 },
    ],
    [{ status: 503 }, { kind: "retry", about: "receiver", afterMs: undefined }],
    [{ status: 500 }, { kind: "retry", about: "notification" }],
    [{ status: 400 }, { kind: "refused", reason: "the receiver answered 400" }],
    [{ status: 410 }, { kind: "refused" }],
    [{ status: 302, headers: { location: "http://169.254.169.254/" } }, { kind: "refused" }],
    [
      { status: 200, hang: true },
      { kind: "retry", about: "receiver", reason: "the receiver did not answer in time" },
    ],
  ])("%j", async (given, outcome) => {
    answer = given;
    expect(await notify()).toMatchObject(outcome);
    expect(requests).toHaveLength(1);
  });

  test("nobody listening: retried, and the address's path is not told", async () => {
    const outcome = await notify("http://127.0.0.1:20701/hook/path-canary");
    expect(outcome).toMatchObject({ kind: "retry", about: "receiver" });
    expect(JSON.stringify(outcome)).toContain("ECONNREFUSED");
    expect(JSON.stringify(outcome)).not.toContain("canary");
  });

  test("ends at once when the caller stops", async () => {
    answer = { status: 200, hang: true };
    const stop = new AbortController();
    const outcome = notify(undefined, stop.signal);
    stop.abort();
    expect(await outcome).toMatchObject({ kind: "retry" });
  });
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
  expect(retryAfterMs(header, NOW)).toBe(expected);
});
