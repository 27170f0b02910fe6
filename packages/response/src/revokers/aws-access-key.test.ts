import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { never, RecordedHttp, revokerWith, SECRET, type Sent, target } from "./testing/recorded-http.ts";
import { SAMPLES } from "./testing/samples.ts";

const { settings = {}, answers = {}, refused = {}, subject = "" } = SAMPLES.aws_access_key ?? {};
const actions = (http: RecordedHttp) => http.sent.map(({ body }) => new URLSearchParams(body).get("Action"));

test("the user is asked for, the key made inactive, and by reinstating active", async () => {
  const http = new RecordedHttp(answers);
  expect(await revokerWith(settings, http).revoke(target(subject), never)).toEqual({ kind: "done" });
  expect(actions(http)).toEqual(["GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey"]);
  expect(Object.fromEntries(new URLSearchParams(http.sent.at(-1)?.body))).toEqual({
    Action: "UpdateAccessKey",
    Version: "2010-05-08",
    UserName: "ci",
    AccessKeyId: "AKIAIOSFODNN7EXAMPLE",
    Status: "Inactive",
  });
  const back = new RecordedHttp(refused);
  expect(await revokerWith(settings, back).reinstate?.(target(subject), never)).toEqual({ kind: "done" });
  expect(new URLSearchParams(back.sent.at(-1)?.body).get("Status")).toBe("Active");
});

/** Signature Version 4 as AWS describes it for whoever checks one, written anew. */
function signatureOf({ headers = {}, body = "", method, url }: Sent): string {
  const [, date = "", region = "", service = ""] =
    /Credential=[^/]+\/(\d+)\/([^/]+)\/([^/]+)\/aws4_request/.exec(headers.authorization ?? "") ?? [];
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.split(";") ?? [];
  const { host, pathname } = new URL(url);
  const value = (name: string) => (name === "host" ? host : (headers[name] ?? ""));
  const sha = (text: string) => createHash("sha256").update(text).digest("hex");
  const canonical = [
    method,
    pathname,
    "",
    ...names.map((name) => `${name}:${value(name).trim()}`),
    "",
    names.join(";"),
    sha(body),
  ].join("\n");
  const toSign = [
    "AWS4-HMAC-SHA256",
    headers["x-amz-date"],
    `${date}/${region}/${service}/aws4_request`,
    sha(canonical),
  ].join("\n");
  const mac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const key = mac(mac(mac(mac(`AWS4${SECRET}`, date), region), service), "aws4_request");
  return mac(key, toSign).toString("hex");
}

test("each request is signed for IAM, body included", async () => {
  const http = new RecordedHttp(answers);
  await revokerWith(settings, http).revoke(target(subject), never);
  for (const sent of http.sent) {
    const given = /Signature=([0-9a-f]{64})/.exec(sent.headers?.authorization ?? "")?.[1];
    expect(given).toBe(signatureOf(sent));
    expect(sent.headers?.authorization).toContain("/us-east-1/iam/aws4_request");
  }
  const [first] = http.sent;
  if (first !== undefined)
    expect(signatureOf({ ...first, body: `${first.body}x` })).not.toBe(signatureOf(first));
});

test.each(["Throttling", "RequestLimitExceeded"])(
  "%s is tried again, although it comes with 400",
  async (code) => {
    const http = new RecordedHttp({ "POST /": { status: 400, body: `<Error><Code>${code}</Code></Error>` } });
    expect(await revokerWith(settings, http).revoke(target(subject), never)).toMatchObject({ kind: "retry" });
  },
);

test.each([
  "AccessDenied",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "ExpiredToken",
  "NoSuchEntity",
  "LimitExceeded",
])("%s is told by its name", async (code) => {
  const http = new RecordedHttp({
    "POST /": { status: 403, body: `<Error><Code>${code}</Code><Message>hostile</Message></Error>` },
  });
  const outcome = await revokerWith(settings, http).revoke(target(subject), never);
  expect(outcome).toMatchObject({ kind: "refused", reason: expect.stringContaining(code) });
  expect(JSON.stringify(outcome)).not.toContain("hostile");
});

test("what is no access key id needs a person or the settings", async () => {
  const http = new RecordedHttp(answers);
  expect(await revokerWith(settings, http).revoke(target("key:aws/ci"), never)).toMatchObject({
    kind: "impossible",
  });
  const mapped = revokerWith({ ...settings, ids: { ci: "AKIAIOSFODNN7EXAMPLE" } }, http);
  expect(await mapped.revoke(target("key:aws/ci"), never)).toEqual({ kind: "done" });
});
