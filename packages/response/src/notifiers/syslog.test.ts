import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeCertificates } from "../../../../infra/kafka/certificates.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { testDeps } from "../testing/recording-server.ts";
import { HOSTILE, hostileIncident, sampleNotification } from "../testing/sample-incident.ts";
import { cefEvent, escapedHeader, escapedValue } from "./formats/cef.ts";
import { octetCounted, syslogMessage } from "./formats/rfc5424.ts";
import { syslog } from "./syslog.ts";

const PORT = 21350;
const signal = new AbortController().signal;
const open = (more: Record<string, unknown> = {}) =>
  syslog.open({ type: "syslog", name: "siem", host: "127.0.0.1", port: PORT, ...more }, testDeps());

let received = "";
let server: Server | undefined;
async function listen(made: Server): Promise<void> {
  received = "";
  server = made;
  await new Promise<void>((resolve) => made.listen(PORT, "127.0.0.1", resolve));
}
const take = (socket: Socket) => {
  socket.on("data", (chunk) => {
    received += chunk.toString("utf8");
  });
};
afterEach(async () => {
  const open = server;
  server = undefined;
  if (open !== undefined) await new Promise((resolve) => open.close(resolve));
});

/** The messages of octet-counted framing. */
function messages(stream: string): string[] {
  const bytes = Buffer.from(stream);
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(" ", at);
    const length = Number(bytes.subarray(at, space).toString());
    found.push(bytes.subarray(space + 1, space + 1 + length).toString());
    at = space + 1 + length;
  }
  return found;
}

/** CEF's header fields and extension, read back by its rules. */
function readCef(event: string): { header: string[]; fields: Map<string, string> } {
  const parts = event.split(/(?<!\\)(?:\\\\)*\|/);
  expect(parts.length).toBeGreaterThanOrEqual(8);
  const header = parts.slice(0, 7);
  const extension = event.slice(header.join("|").length + 1);
  const fields = new Map<string, string>();
  const keys = [...extension.matchAll(/(?:^| )([A-Za-z0-9]+)=/g)];
  keys.forEach((match, index) => {
    const start = match.index + match[0].length;
    fields.set(match[1] ?? "", extension.slice(start, keys[index + 1]?.index ?? extension.length));
  });
  return { header, fields };
}

const LINE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /^<109>1 2026-11-21T09:30:00\.200Z [\x21-\x7e]{1,255} tripline - [\x21-\x7e]{1,32} - [^\u0000-\u001f\u007f]*$/u;

test("CEF over TCP, one octet-counted RFC 5424 message for each notice", async () => {
  await listen(createServer(take));
  const notifier = open({ transport: "tcp" });
  expect(notifier.to).toBe(`syslog+tcp://127.0.0.1:${PORT}`);
  for (const kind of ["opened", "resolved"] as const) {
    expect(await notifier.notify(sampleNotification(kind), signal)).toEqual({ kind: "delivered" });
  }
  await waitFor(() => messages(received).length === 2);
  const [opened = "", resolved = ""] = messages(received);
  expect(opened).toMatch(
    /^<107>1 2026-11-21T09:30:00\.200Z tripline\.example\.com tripline - opened - CEF:0\|Tripline\|Tripline\|1\|secret-then-send\|/,
  );
  expect(resolved).toContain(" cat=resolved ");
  const { header, fields } = readCef(opened.slice(opened.indexOf("CEF:0")));
  expect(header[6]).toBe("8");
  expect(Object.fromEntries(fields)).toMatchObject({
    externalId: "1".repeat(64),
    cs1Label: "tenant",
    cs1: "acme",
    outcome: "open",
  });
});

test("UDP: one datagram of at most 2048 bytes, JSON whole", async () => {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(PORT, "127.0.0.1", resolve));
  try {
    const incident = hostileIncident();
    const datagrams: string[] = [];
    socket.on("message", (message) => datagrams.push(message.toString()));
    expect(await open({ transport: "udp" }).notify(sampleNotification("opened", incident), signal)).toEqual({
      kind: "delivered",
    });
    expect(
      await open({ transport: "udp", format: "ocsf", max_bytes: 16_000 }).notify(
        sampleNotification(),
        signal,
      ),
    ).toEqual({ kind: "delivered" });
    expect(
      await open({ transport: "udp", format: "ocsf" }).notify(sampleNotification("opened", incident), signal),
    ).toMatchObject({ kind: "refused" });
    await waitFor(() => datagrams.length === 2);
    expect(Buffer.byteLength(datagrams[0] ?? "")).toBeLessThanOrEqual(2048);
    expect(JSON.parse(datagrams[1]?.slice(datagrams[1].indexOf("{")) ?? "")).toMatchObject({
      class_uid: 2004,
    });
  } finally {
    socket.close();
  }
});

test("nobody listens: tried again; an internal receiver that is not allowed: refused", async () => {
  expect(await open({ transport: "tcp" }).notify(sampleNotification(), signal)).toEqual({
    kind: "retry",
    about: "receiver",
    reason: "the receiver was not reached: ECONNREFUSED",
    afterMs: undefined,
  });
  const far = open({ transport: "tcp", host: "10.255.255.1" });
  expect(await far.notify(sampleNotification(), signal)).toMatchObject({ kind: "refused" });
});

test("a receiver that takes nothing is left when the caller stops", async () => {
  await listen(createServer((socket) => socket.pause()));
  const stop = new AbortController();
  stop.abort();
  expect(await open({ transport: "tcp" }).notify(sampleNotification(), stop.signal)).toMatchObject({
    kind: "retry",
  });
});

describe("escaping", () => {
  test("hostile text adds no field, no header and no message", () => {
    const event = cefEvent(sampleNotification("acknowledged", hostileIncident()));
    const plain = cefEvent(sampleNotification("acknowledged", hostileIncident("plain")));
    expect(readCef(event).header).toHaveLength(7);
    expect([...readCef(event).fields.keys()]).toEqual([...readCef(plain).fields.keys()]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
    expect(event).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(HOSTILE).toContain("|");
  });
  test("what is escaped can be read back, and is one line", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("|", "\\", "=", "\n", "\r", "a", " "), maxLength: 60 }),
        (text) => {
          const value = escapedValue(text);
          expect(value).not.toMatch(/[\r\n]|(?<!\\)(?:\\\\)*=/);
          expect(value.replace(/\\([\\=n])/g, (_, c) => (c === "n" ? "\n" : c))).toBe(
            text.replace(/\r\n?/g, "\n"),
          );
          const header = escapedHeader(text);
          expect(header).not.toMatch(/[\r\n]|(?<!\\)(?:\\\\)*\|/);
          expect(header.replace(/\\([\\|])/g, "$1")).toBe(text.replace(/[\r\n]+/g, " "));
        },
      ),
    );
  });
  test("a syslog message is one line of six header fields, whatever it is made of", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (host, text) => {
        const message = syslogMessage({
          facility: 13,
          severity: "low",
          time: "2026-11-21T09:30:00.200Z",
          host,
          messageId: host,
          text,
        });
        expect(message).toMatch(LINE);
        expect(messages(octetCounted(message.toWellFormed()))).toEqual([message.toWellFormed()]);
      }),
    );
  });
});

const openssl = requirement("openssl");
describe.skipIf(openssl.missing)(`over TLS ${openssl.reason}`, () => {
  let directory: string;
  let files: ReturnType<typeof makeCertificates>;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "tripline-syslog-"));
    files = makeCertificates(directory, "client");
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test("the receiver's certificate is checked", async () => {
    const pem = readFileSync(files.serverStore, "utf8");
    const made = createTlsServer({ key: pem, cert: pem }, take);
    made.on("tlsClientError", () => undefined);
    await listen(made);
    expect(await open({ ca_file: files.ca }).notify(sampleNotification(), signal)).toEqual({
      kind: "delivered",
    });
    await waitFor(() => messages(received).length === 1);
    for (const more of [{}, { ca_file: files.strangerCa }]) {
      expect(await open(more).notify(sampleNotification(), signal)).toMatchObject({
        kind: "retry",
        about: "receiver",
      });
    }
    expect(messages(received)).toHaveLength(1);
  });
});
