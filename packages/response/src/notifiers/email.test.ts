import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeCertificates } from "../../../../infra/kafka/certificates.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { testDeps } from "../testing/recording-server.ts";
import { HOSTILE, hostileIncident, sampleNotification } from "../testing/sample-incident.ts";
import { email } from "./email.ts";
import { escapedHtml, mailBodies } from "./email-text.ts";

const PORT = 21345;
const signal = new AbortController().signal;
const BASE = {
  type: "email",
  name: "mail",
  host: "127.0.0.1",
  port: PORT,
  from: "tripline@acme.example",
  to: ["a@acme.example", "b@acme.example"],
};

let mails: { from: string; to: string[]; text: string }[] = [];
let server: SMTPServer | undefined;

async function serve(options: SMTPServerOptions = {}): Promise<void> {
  mails = [];
  const made = new SMTPServer({
    closeTimeout: 50, // ms; a test may leave a connection behind
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, session, done) => {
      let text = "";
      stream.on("data", (chunk) => {
        text += String(chunk);
      });
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : (mailFrom?.address ?? "");
        mails.push({ from, to: rcptTo.map(({ address }) => address), text });
        done();
      });
    },
    ...options,
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(PORT, "127.0.0.1", () => resolve()));
}
afterEach(async () => {
  const open = server;
  server = undefined;
  if (open !== undefined) await new Promise<void>((resolve) => open.close(() => resolve()));
});

/** An error with an SMTP code, as the server's hooks answer with it. */
function smtpError(responseCode: number): Error {
  return Object.assign(new Error("text-canary"), { responseCode });
}

test("a mail of text and HTML, in one thread for each incident", async () => {
  await serve();
  const notifier = email.open({ ...BASE, tls: "none" }, testDeps());
  expect(notifier.to).toBe(`smtp://127.0.0.1:${PORT}`);
  const incident = { id: "ab".repeat(32) };
  for (const number of [1, 2]) {
    const notification = sampleNotification("opened", { ...incident, notice: { kind: "opened", number } });
    expect(await notifier.notify(notification, signal)).toEqual({ kind: "delivered" });
  }
  expect(mails.map(({ from, to }) => [from, ...to])).toEqual([
    ["tripline@acme.example", "a@acme.example", "b@acme.example"],
    ["tripline@acme.example", "a@acme.example", "b@acme.example"],
  ]);
  const header = (mail: number, name: string) =>
    new RegExp(`^${name}:\\s*(.*)$`, "im").exec(mails[mail]?.text ?? "")?.[1]?.trim();
  expect(header(0, "References")).toContain(`<${incident.id}@acme.example>`);
  expect(header(1, "References")).toBe(header(0, "References"));
  expect(header(0, "Message-ID")).toContain(`<${incident.id}.1@acme.example>`);
  expect(header(1, "Message-ID")).toContain(`<${incident.id}.2@acme.example>`);
  expect(header(0, "Subject")).toBe(header(1, "Subject"));
  expect(header(0, "Auto-Submitted")).toBe("auto-generated");
  expect(mails[0]?.text).toContain("Content-Type: text/html");
  expect(mails[0]?.text).toContain("Content-Type: text/plain");
});

describe("what an answer means", () => {
  test.each<[SMTPServerOptions, object]>([
    [
      { onMailFrom: (_a, _s, done) => done(smtpError(450)) },
      { kind: "retry", about: "receiver", reason: "the mail server answered 450" },
    ],
    [{ onMailFrom: (_a, _s, done) => done(smtpError(421)) }, { kind: "retry", about: "receiver" }],
    [
      { onRcptTo: (_a, _s, done) => done(smtpError(550)) },
      { kind: "refused", reason: "the mail server answered 550" },
    ],
    [{ onRcptTo: (_a, _s, done) => done(smtpError(452)) }, { kind: "retry", about: "receiver" }],
    [
      {
        onData: (stream, _s, done) => {
          stream.resume();
          stream.on("end", () => done(smtpError(554)));
        },
      },
      { kind: "refused" },
    ],
    [{ onConnect: (_s, done) => done(smtpError(554)) }, { kind: "refused" }],
  ])("%#", async (options, outcome) => {
    await serve(options);
    const got = await email.open({ ...BASE, tls: "none" }, testDeps()).notify(sampleNotification(), signal);
    expect(got).toMatchObject(outcome);
    expect(JSON.stringify(got)).not.toContain("canary");
  });
  test("one of two recipients is enough", async () => {
    await serve({
      onRcptTo: ({ address }, _s, done) => done(address.startsWith("a@") ? smtpError(550) : null),
    });
    const got = await email.open({ ...BASE, tls: "none" }, testDeps()).notify(sampleNotification(), signal);
    expect(got).toEqual({ kind: "delivered" });
  });
  test("a server that does not go on is left when the caller stops", async () => {
    const begun = Promise.withResolvers<void>();
    await serve({ onMailFrom: () => begun.resolve() });
    const stop = new AbortController();
    const notifier = email.open({ ...BASE, tls: "none" }, testDeps());
    const outcome = notifier.notify(sampleNotification(), stop.signal);
    await begun.promise;
    stop.abort();
    expect(await outcome).toMatchObject({ kind: "retry", about: "receiver" });
  });
  test("nobody listens, or an internal address that is not allowed", async () => {
    const notify = (host: string) =>
      email.open({ ...BASE, host, tls: "none" }, testDeps()).notify(sampleNotification(), signal);
    expect(await notify("127.0.0.1")).toMatchObject({ kind: "retry", about: "receiver" });
    expect(await notify("10.255.255.1")).toMatchObject({ kind: "refused" });
  });
});

test("hostile text is no header, no link and no markup", async () => {
  await serve();
  await email
    .open({ ...BASE, tls: "none", title: "{{summary}}" }, testDeps())
    .notify(sampleNotification("acknowledged", hostileIncident()), signal);
  const [head = ""] = (mails[0]?.text ?? "").split("\r\n\r\n");
  expect(head).not.toMatch(/^header: injected/im);
  const { text, html } = mailBodies({ title: HOSTILE, parts: [{ value: HOSTILE }], links: [] });
  expect(html).not.toMatch(/<script|<img|<at>/);
  expect(text).toContain("<script>"); // in text it is text
  expect(escapedHtml(HOSTILE)).not.toMatch(/[<>"']/);
  const body = (mails[0]?.text ?? "").replace(/=\r\n/g, ""); // quoted-printable, its soft line ends taken out
  const captured = body.replace(/https:\/\/tripline\.example\.com\S*/g, "");
  expect(captured).not.toMatch(/https?:\/\/|www\.|(?<!\[)@(?!acme\.example)|=E2=80=AE|=1B/);
});

test.each([
  [{ user: "u" }, "user and password belong together"],
  [{ tls: "none", user: "u", password: { env: "P" } }, "a password is not sent without TLS"],
  [{ to: ["a@b.example\r\nBcc: x@y.example"] }, "expected an address"],
  [{ from: "Ana <a@b.example>" }, "expected an address"],
])("%j is refused: %s", (settings, mistake) => {
  expect(() => email.open({ ...BASE, ...settings }, testDeps({ P: "p" }))).toThrow(mistake);
});

const openssl = requirement("openssl");
describe.skipIf(openssl.missing)(`over TLS ${openssl.reason}`, () => {
  let directory: string;
  let files: ReturnType<typeof makeCertificates>;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "tripline-mail-"));
    files = makeCertificates(directory, "client");
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const settings = () => ({ ...BASE, user: "ana", password: { env: "P" }, ca_file: files.ca });
  const tlsServer = (more: SMTPServerOptions = {}) => {
    const pem = readFileSync(files.serverStore, "utf8");
    return serve({
      authOptional: false,
      disabledCommands: [],
      key: pem,
      cert: pem,
      onAuth: ({ password }, _s, done) => done(password === "right" ? null : smtpError(535), { user: "ana" }),
      ...more,
    });
  };

  test.each(["starttls", "implicit"] as const)("%s, with a password", async (tls) => {
    await tlsServer({ secure: tls === "implicit" });
    const notify = (password: string) =>
      email.open({ ...settings(), tls }, testDeps({ P: password })).notify(sampleNotification(), signal);
    expect(await notify("right")).toEqual({ kind: "delivered" });
    expect(await notify("password-canary")).toEqual({
      kind: "refused",
      reason: "the mail server answered 535",
    });
  });
  test("nothing is sent to a server without STARTTLS or with a stranger's certificate", async () => {
    await serve();
    const notify = (more: object) =>
      email.open({ ...settings(), ...more }, testDeps({ P: "right" })).notify(sampleNotification(), signal);
    expect(await notify({})).toMatchObject({ kind: expect.stringMatching(/retry|refused/) });
    expect(mails).toEqual([]);
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    await tlsServer();
    expect(await notify({ ca_file: files.strangerCa })).toMatchObject({ kind: "retry", about: "receiver" });
    expect(mails).toEqual([]);
  });
});
