import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeCertificates } from "../../../../infra/kafka/certificates.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { createHttp } from "./create-http.ts";

const PORT = 21300;
const TLS_PORT = 21301;
const CANARY = "path-canary";

let server: Server;
let seen: {
  method?: string | undefined;
  url?: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  seen = [];
  answer = (response) => response.writeHead(200).end("fine");
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(PORT, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const signal = new AbortController().signal;
const local = createHttp({ allowInternal: ["127.0.0.1"] });

test("sends what was asked for and hands back the answer", async () => {
  answer = (response) => response.writeHead(201, { "x-one": "1", "set-cookie": ["a=1", "b=2"] }).end("grün");
  const result = await local.request(`http://127.0.0.1:${PORT}/a%20b?c=d`, {
    method: "PUT",
    headers: { "content-type": "text/plain" },
    body: "größe",
    signal,
  });
  expect(result).toMatchObject({ status: 201, text: "grün" });
  expect(result.headers.get("x-one")).toBe("1");
  expect(result.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(seen).toMatchObject([
    {
      method: "PUT",
      url: "/a%20b?c=d",
      body: "größe",
      headers: { host: `127.0.0.1:${PORT}`, "content-length": "7" },
    },
  ]);
});

test("an internal address is not even connected to", async () => {
  const http = createHttp({ allowInternal: [] });
  for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"]) {
    await expect(http.request(`http://${host}:${PORT}/`, { method: "GET", signal })).rejects.toMatchObject({
      code: "TRIPLINE_EGRESS_REFUSED",
    });
  }
  expect(seen).toEqual([]);
});

test("a name that answers differently the second time is connected to where it was checked", async () => {
  const answers = [["127.0.0.1"], ["169.254.169.254"]];
  let asked = 0;
  const http = createHttp({
    allowInternal: ["127.0.0.0/8"],
    resolve: async () => answers[asked++] ?? [],
  });
  const result = await http.request(`http://rebinding.example:${PORT}/`, { method: "GET", signal });
  expect(result.text).toBe("fine");
  expect(asked).toBe(1);
  expect(seen[0]?.headers.host).toBe(`rebinding.example:${PORT}`);
});

test("a redirect is an answer", async () => {
  answer = (response) => response.writeHead(302, { location: `http://127.0.0.1:${PORT}/next` }).end();
  expect(await local.request(`http://127.0.0.1:${PORT}/`, { method: "GET", signal })).toMatchObject({
    status: 302,
  });
  expect(seen).toHaveLength(1);
});

test("an endless answer is read to 64 KB and left", async () => {
  const closed = Promise.withResolvers<void>();
  answer = (response) => {
    response.on("close", () => closed.resolve());
    const write = () => {
      while (response.write("x".repeat(10_000)));
      response.once("drain", write);
    };
    write();
  };
  const { text } = await local.request(`http://127.0.0.1:${PORT}/`, { method: "GET", signal });
  expect(text).toBe("x".repeat(64 * 1024));
  await closed.promise;
});

describe("what ends without an answer", () => {
  const unreached = (options: { timeoutMs?: number; url?: string; signal?: AbortSignal } = {}) => {
    const url = options.url ?? `http://127.0.0.1:${PORT}/${CANARY}?token=${CANARY}`;
    return local
      .request(url, {
        method: "POST",
        headers: { authorization: CANARY },
        body: CANARY,
        signal: options.signal ?? signal,
        timeoutMs: options.timeoutMs ?? 2000,
      })
      .then(
        () => "an answer",
        (error: unknown) => error,
      );
  };
  const shown = (error: unknown) =>
    error instanceof Error ? `${error.message} ${JSON.stringify(error)} ${String(error.cause)}` : "no error";

  test("no headers in time", async () => {
    answer = () => undefined;
    const error = await unreached({ timeoutMs: 200 });
    expect(error).toMatchObject({ code: "TRIPLINE_EGRESS_UNREACHED", kind: "retriable" });
    expect(shown(error)).toContain("127.0.0.1 was not reached: it did not answer in time");
    expect(shown(error)).not.toContain(CANARY);
  });
  test("a body that never ends", async () => {
    answer = (response) => {
      response.writeHead(200).write("begun");
    };
    expect(shown(await unreached({ timeoutMs: 200 }))).toContain("in time");
  });
  test("the connection is cut within the answer", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-length": "100" }).write("begun");
      response.destroy();
    };
    expect(await unreached()).toMatchObject({ code: "TRIPLINE_EGRESS_UNREACHED" });
  });
  test("nobody listens", async () => {
    const error = await unreached({ url: `http://127.0.0.1:21309/${CANARY}` });
    expect(shown(error)).toContain("ECONNREFUSED");
    expect(shown(error)).not.toContain(CANARY);
  });
  test("the caller stops, also while the name is being resolved", async () => {
    answer = () => undefined;
    const stop = new AbortController();
    const pending = unreached({ signal: stop.signal });
    stop.abort();
    expect(await pending).toMatchObject({ code: "TRIPLINE_EGRESS_UNREACHED" });
    const never = createHttp({ allowInternal: [], resolve: () => new Promise(() => undefined) });
    await expect(
      never.request("http://slow.example/", { method: "GET", signal: stop.signal }),
    ).rejects.toMatchObject({
      code: "TRIPLINE_EGRESS_UNREACHED",
    });
  });
});

test.each([
  ["ftp://127.0.0.1/", {}],
  ["not an address", {}],
  [`http://ana:${CANARY}@127.0.0.1/`, {}],
  [`http://127.0.0.1:${PORT}/`, { "x-token": `${CANARY}\r\nx-other: 1` }],
])("%j can't be sent, and the error does not repeat it", async (url, headers) => {
  const error: unknown = await local
    .request(url, { method: "GET", headers, signal })
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: "TRIPLINE_EGRESS_INVALID", kind: "permanent" });
  expect(String(error)).not.toContain(CANARY);
  expect(seen).toEqual([]);
});

test("the environment's proxies do not count", async () => {
  const script = `
    import { createHttp } from ${JSON.stringify(join(import.meta.dirname, "create-http.ts"))};
    const http = createHttp({ allowInternal: ["127.0.0.1"] });
    const options = { method: "GET", signal: new AbortController().signal };
    console.log((await http.request("http://127.0.0.1:${PORT}/", options)).text);`;
  const nobody = "http://127.0.0.1:21309";
  const env = {
    ...process.env,
    NODE_USE_ENV_PROXY: "1",
    HTTP_PROXY: nobody,
    http_proxy: nobody,
    NO_PROXY: "",
  };
  const arguments_ = ["--input-type=module-typescript", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, arguments_, { env });
  expect(stdout.trim()).toBe("fine");
});

const openssl = requirement("openssl");
describe.skipIf(openssl.missing)(`over TLS ${openssl.reason}`, () => {
  let directory: string;
  let tlsServer: Server;
  let clients: (string | undefined)[];
  let files: ReturnType<typeof makeCertificates>;
  const pem = (path: string) => readFileSync(path, "utf8");

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "tripline-egress-"));
    files = makeCertificates(directory, "tripline");
    clients = [];
    tlsServer = createTlsServer(
      {
        key: pem(files.serverStore),
        cert: pem(files.serverStore),
        ca: pem(files.ca),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const { socket } = request;
        const isKnown = socket instanceof TLSSocket && socket.authorized;
        clients.push(isKnown ? String(socket.getPeerCertificate().subject.CN) : undefined);
        response.end("over TLS");
      },
    );
    await new Promise<void>((resolve) => tlsServer.listen(TLS_PORT, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    tlsServer.closeAllConnections();
    await new Promise((resolve) => tlsServer.close(resolve));
    rmSync(directory, { recursive: true });
  });

  const url = `https://127.0.0.1:${TLS_PORT}/`;

  test("a certificate of an authority that is named is accepted; a client certificate is shown where given", async () => {
    const tls = { ca: pem(files.ca) };
    expect(await local.request(url, { method: "GET", signal, tls })).toMatchObject({ text: "over TLS" });
    const withClient = { ...tls, cert: pem(files.clientCert), key: pem(files.clientKey) };
    await local.request(url, { method: "GET", signal, tls: withClient });
    expect(clients).toEqual([undefined, "tripline"]);
  });
  test("any other is refused, whatever the environment says", async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    try {
      for (const tls of [undefined, { ca: pem(files.strangerCa) }]) {
        await expect(
          local.request(url, { method: "GET", signal, ...(tls === undefined ? {} : { tls }) }),
        ).rejects.toMatchObject({ code: "TRIPLINE_EGRESS_UNREACHED" });
      }
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });
  test("one for another name is refused", async () => {
    const named = createHttp({ allowInternal: ["named.example"], resolve: async () => ["127.0.0.1"] });
    await expect(
      named.request(`https://named.example:${TLS_PORT}/`, {
        method: "GET",
        signal,
        tls: { ca: pem(files.ca) },
      }),
    ).rejects.toThrow("ERR_TLS_CERT_ALTNAME_INVALID");
  });
  test("a certificate that is none is no crash", async () => {
    const error: unknown = await local
      .request(url, { method: "GET", signal, tls: { cert: CANARY, key: CANARY } })
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: expect.stringMatching(/^TRIPLINE_EGRESS_/) });
    expect(String(error)).not.toContain(CANARY);
  });
});
