import { hash } from "node:crypto";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { keyedHash } from "@tripline/events";
import { afterEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Decided } from "../interceptor.ts";
import { createApiKeyProvider } from "./identity/api-key.ts";
import type { HttpProxy, HttpProxyOptions } from "./options.ts";
import { createHttpProxy } from "./proxy.ts";
import { RecordingInterceptor, SwitchableAccess, TEST_KEY } from "./testing/recording-interceptor.ts";
import {
  type Answer,
  answerJson,
  callBody,
  closeServer,
  listenOnFreePort,
  startUpstream,
  TEXT_RESULT,
  type Upstream,
} from "./testing/upstream.ts";

const KEY = "k-3f1c6f0a9d";
const JSON_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const apiKeys = createApiKeyProvider({
  issuer: "acme",
  headers: ["authorization", "x-api-key"],
  keys: [{ id: "bot", sha256: hash("sha256", KEY, "hex"), principal: "ann@example.com" }],
});

async function proxyTo(
  upstream: string,
  options: Partial<HttpProxyOptions> = {},
): Promise<{ proxy: HttpProxy; interceptor: RecordingInterceptor; access: SwitchableAccess }> {
  const interceptor = new RecordingInterceptor();
  const access = new SwitchableAccess();
  const proxy = createHttpProxy({
    listen: { port: 0 },
    upstream,
    server: "everything",
    interceptor,
    access,
    identity: [apiKeys],
    onWarning: () => undefined,
    ...options,
  });
  await proxy.start();
  closers.push(() => proxy.stop());
  return { proxy, interceptor, access };
}

async function setUp(
  answer: Answer,
  options: Partial<HttpProxyOptions> = {},
): Promise<{ upstream: Upstream } & Awaited<ReturnType<typeof proxyTo>>> {
  const upstream = await startUpstream(answer);
  closers.push(() => upstream.close());
  return { upstream, ...(await proxyTo(upstream.url, options)) };
}

const echo: Answer = (_request, response, body) => answerJson(response, body, TEXT_RESULT);

function post(url: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body });
}

/** Sends raw bytes and returns what came back until the other side closed or `until` was seen. */
function raw(url: string, bytes: string, until: RegExp): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (until.test(text)) socket.destroy();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

describe("recording", () => {
  it("records a call answered as JSON, with caller, session, target and result", async () => {
    const { proxy, interceptor } = await setUp(echo, { environment: "staging" });
    const response = await post(proxy.url, callBody("add", { a: 1 }), {
      authorization: `Bearer ${KEY}`,
      "mcp-session-id": "s-1",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    expect(await response.json()).toEqual({ result: TEXT_RESULT, jsonrpc: "2.0", id: 1 });
    const [call] = interceptor.calls;
    expect(call?.start).toMatchObject({
      caller: { credential: "key:acme/bot", assurance: "verified", principal: "ann@example.com" },
      session: {
        id: "s-1",
        source: "mcp",
        trace_id: "0af7651916cd43dd8448eb211c80319c",
        span_id: "b7ad6b7169203331",
      },
      target: { server: "everything", tool: "add", transport: "http", environment: "staging" },
      args: { a: 1 },
    });
    expect(call?.end).toMatchObject({ outcome: "ok", text: "done" });
    expect(JSON.stringify(interceptor.calls)).not.toContain(KEY);
  });

  it("records a call answered in an event stream whose bytes come in pieces that split a character", async () => {
    const { proxy, interceptor } = await setUp((_request, response, body) => {
      const { id } = JSON.parse(body.toString()) as { id: number };
      const result = { content: [{ type: "text", text: "grüße 🎈" }] };
      const event = Buffer.from(
        `: hello\r\nevent: message\r\nid: 7\r\ndata: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\r\n\r\n`,
      );
      response.setHeader("content-type", "text/event-stream");
      void (async () => {
        for (const byte of event) {
          await new Promise<void>((resolve) => {
            response.write(Buffer.from([byte]), () => resolve());
          });
        }
        response.end();
      })();
    });
    const response = await post(proxy.url, callBody("greet"));
    expect(await response.text()).toContain("grüße 🎈");
    await waitFor(() => interceptor.outcomes[0] === "ok");
    expect(interceptor.calls[0]?.end).toMatchObject({ text: "grüße 🎈" });
    expect(interceptor.calls[0]?.start.caller.assurance).toBe("unknown");
  });

  it("records size and hash of a result that is too large to parse", async () => {
    const text = "x".repeat(3_000_000);
    const { proxy, interceptor } = await setUp((_request, response, body) =>
      answerJson(response, body, { content: [{ type: "text", text }], isError: true }),
    );
    const response = await post(proxy.url, callBody("dump"));
    const result = JSON.stringify({ content: [{ type: "text", text }], isError: true });
    expect((await response.text()).length).toBeGreaterThan(3_000_000);
    await waitFor(() => interceptor.outcomes[0] === "tool_error");
    const end = interceptor.calls[0]?.end;
    expect(end).toMatchObject({ bytes: result.length, wholeDigest: keyedHash(TEST_KEY, result, 32) });
    expect(JSON.stringify(end).length).toBeLessThan(200_000);
    expect(end).toMatchObject({ text: expect.stringMatching(/^xxx/) });
  });

  it("reads a copy of an answer that is compressed against its will, and passes the bytes on", async () => {
    const { upstream, proxy, interceptor } = await setUp((_request, response, body) => {
      const { id } = JSON.parse(body.toString()) as { id: number };
      response.setHeader("content-type", "application/json");
      response.setHeader("content-encoding", "gzip");
      response.end(gzipSync(JSON.stringify({ jsonrpc: "2.0", id, result: TEXT_RESULT })));
    });
    const response = await post(proxy.url, callBody("zip"), { "accept-encoding": "gzip" });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(await response.json()).toMatchObject({ result: TEXT_RESULT });
    expect(upstream.requests[0]?.headers["accept-encoding"]).toBe("identity");
    await waitFor(() => interceptor.outcomes[0] === "ok");
  });

  it("pairs an answer that comes on a resumed stream with its call", async () => {
    const { proxy, interceptor } = await setUp((request, response, body) => {
      response.setHeader("content-type", "text/event-stream");
      if (request.method === "POST") {
        response.end("id: 1\ndata: \n\n"); // the server lets go, and the client will poll
        expect(body.length).toBeGreaterThan(0);
        return;
      }
      expect(request.headers["last-event-id"]).toBe("1");
      response.end(`id: 2\ndata: ${JSON.stringify({ jsonrpc: "2.0", id: 1, result: TEXT_RESULT })}\n\n`);
    });
    const session = { "mcp-session-id": "s-1" };
    await (await post(proxy.url, callBody("slow"), session)).text();
    expect(interceptor.outcomes).toEqual(["open"]);
    await (
      await fetch(proxy.url, { headers: { ...session, accept: "text/event-stream", "last-event-id": "1" } })
    ).text();
    await waitFor(() => interceptor.outcomes[0] === "ok");
  });

  it("ends calls of a session that is deleted, and of answers that never came", async () => {
    const { proxy, interceptor } = await setUp((request, response) => {
      if (request.method === "DELETE") response.writeHead(204).end();
      else response.writeHead(200, { "content-type": "text/event-stream" }).end("id: 1\ndata: \n\n");
    });
    await (await post(proxy.url, callBody("a"), { "mcp-session-id": "s" })).text();
    await (await post(proxy.url, callBody("b"))).text();
    await fetch(proxy.url, { method: "DELETE", headers: { "mcp-session-id": "s" } });
    await waitFor(() => !interceptor.outcomes.includes("open"));
    expect(interceptor.outcomes).toEqual(["in_doubt", "in_doubt"]);
  });

  it("records HTTP errors as protocol errors and passes them through", async () => {
    const { proxy, interceptor } = await setUp((_request, response) =>
      response.writeHead(429, "Slow Down", { "retry-after": "7", "x-a": ["1", "2"] }).end("no"),
    );
    const response = await post(proxy.url, callBody("a"));
    expect([response.status, response.statusText, await response.text()]).toEqual([429, "Slow Down", "no"]);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(response.headers.get("x-a")).toBe("1, 2");
    await waitFor(() => interceptor.outcomes[0] === "protocol_error");
    expect(interceptor.calls[0]?.end).toMatchObject({ errorCode: "http_429" });
  });

  it("sees each call of a batch", async () => {
    const { proxy, interceptor } = await setUp((_request, response, body) => {
      const frames = JSON.parse(body.toString()) as { id: number }[];
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(frames.map(({ id }) => ({ jsonrpc: "2.0", id, result: TEXT_RESULT }))));
    });
    await (await post(proxy.url, `[${callBody("a", {}, 1)},${callBody("b", {}, "1")}]`)).json();
    await waitFor(() => !interceptor.outcomes.includes("open"));
    expect(interceptor.outcomes).toEqual(["ok", "ok"]);
  });
});

describe("forwarding", () => {
  it("keeps headers, their order, case and repetition, and drops only those of the connection", async () => {
    const { upstream, proxy } = await setUp((_request, response, body) => {
      response.writeHead(200, [
        ["Content-Type", "application/json"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["X-Weird", "ü"],
        ["Connection", "x-hop"],
        ["X-Hop", "1"],
      ]);
      response.end(body);
    });
    const { host } = new URL(proxy.url);
    const body = callBody("a");
    const answer = await raw(
      proxy.url,
      [
        "POST /mcp?x=%2F%20 HTTP/1.1",
        `Host: ${host}`,
        "Content-Type: application/json",
        "MCP-Protocol-Version: 2026-07-28",
        "Mcp-Method: tools/call",
        "Mcp-Name: a",
        "Last-Event-ID: 12",
        "Origin: http://evil.example",
        "X-Two: 1",
        "x-two: 2",
        "Proxy-Authorization: Basic eA==",
        "X-Private: 1",
        "Connection: close, x-private",
        "TE: trailers",
        `Content-Length: ${body.length}`,
        "",
        body,
      ].join("\r\n"),
      /\}$/,
    );
    expect(upstream.requests[0]?.url).toBe("/mcp?x=%2F%20");
    const sent = upstream.requests[0]?.rawHeaders.join("|");
    expect(sent).toContain(
      "Content-Type|application/json|MCP-Protocol-Version|2026-07-28|Mcp-Method|tools/call|Mcp-Name|a|Last-Event-ID|12|Origin|http://evil.example|X-Two|1|x-two|2|accept-encoding|identity",
    );
    expect(upstream.requests[0]?.headers.host).toBe(host);
    expect(sent).not.toMatch(/proxy-authorization|x-private|\|te\|/i);
    expect(answer).toContain("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Weird: \xfc");
    expect(answer).not.toMatch(/x-hop/i);
  });

  it("answers Expect: 100-continue itself, and a refused request without asking for its body", async () => {
    const { upstream, proxy } = await setUp(echo, { requireIdentity: true });
    const body = callBody("a");
    const head = (authorization: string): string =>
      `POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n${authorization}Content-Length: ${body.length}\r\n\r\n`;
    expect(await raw(proxy.url, head(""), /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 401/);
    expect(await raw(proxy.url, head(`X-API-Key: ${KEY}\r\n`), /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 100/);
    expect(await raw(proxy.url, `${head(`X-API-Key: ${KEY}\r\n`)}${body}`, /"id":1\}/)).toMatch(
      /^HTTP\/1\.1 100.*HTTP\/1\.1 200/s,
    );
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.requests[0]?.headers.expect).toBeUndefined();
  });

  it("forwards GET, DELETE, OPTIONS and other paths", async () => {
    const { upstream, proxy } = await setUp((request, response) =>
      response.end(`${request.method} ${request.url}`),
    );
    const { origin } = new URL(proxy.url);
    for (const [method, path] of [
      ["GET", "/mcp"],
      ["DELETE", "/mcp"],
      ["OPTIONS", "/mcp"],
      ["GET", "/.well-known/oauth-authorization-server"],
      ["POST", "/token"],
    ] as const) {
      const body = method === "POST" ? new URLSearchParams({ grant_type: "x" }) : null;
      const response = await fetch(origin + path, { method, body });
      expect(await response.text()).toBe(`${method} ${path}`);
    }
    const head = await fetch(proxy.url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(upstream.bodies.at(-2)?.toString()).toBe("grant_type=x");
  });

  it("answers 502 with JSON when nobody listens, and records that the call did not arrive", async () => {
    const spare = createServer();
    const url = await listenOnFreePort(spare);
    await closeServer(spare);
    const { proxy, interceptor } = await proxyTo(`${url}/mcp`);
    const response = await post(proxy.url, callBody("a"));
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      error: { code: -31502, data: { code: "TRIPLINE_PROXY_UPSTREAM" } },
    });
    expect(interceptor.calls[0]?.end).toMatchObject({ errorCode: "upstream_unreachable" });
    expect(proxy.health().state).toBe("degraded");
  });

  it("breaks the client's stream off when the server's breaks off", async () => {
    const { proxy, interceptor } = await setUp((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n", () => response.destroy());
    });
    const response = await post(proxy.url, callBody("a"));
    await expect(response.text()).rejects.toThrow();
    await waitFor(() => interceptor.outcomes[0] === "in_doubt");
  });

  it("sends no more than both sides can take: a slow reader does not fill the memory", async () => {
    const total = 200 * 1024 * 1024;
    let sent = 0;
    const { proxy } = await setUp((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const chunk = Buffer.from(`data: ${"x".repeat(65_000)}\n\n`);
      const more = (): void => {
        while (sent < total) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const client = httpRequest(proxy.url, { method: "POST", headers: JSON_HEADERS });
    const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
      client.on("response", resolve).on("error", reject).end(callBody("a"));
    });
    let before = -1;
    await waitFor(() => {
      const still = sent === before && sent > 0;
      before = sent;
      return still; // nothing moved between two looks: both sides are full
    });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    response.destroy();
  });

  it("tells the server when the client goes away, while it waits and while it streams", async () => {
    let gone = 0;
    const { upstream, proxy, interceptor } = await setUp((request, response) => {
      response.on("close", () => {
        gone += 1;
      });
      if (request.url === "/mcp?stream") {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("data: 1\n\n");
      }
    });
    for (const query of ["", "?stream"]) {
      const abort = new AbortController();
      const request = fetch(proxy.url + query, {
        method: "POST",
        headers: JSON_HEADERS,
        body: callBody("a"),
        signal: abort.signal,
      });
      request.catch(() => undefined);
      await waitFor(() => upstream.bodies.length === (query === "" ? 1 : 2));
      if (query !== "") await request;
      abort.abort();
      await waitFor(() => gone === (query === "" ? 1 : 2));
    }
    await waitFor(() => !interceptor.outcomes.includes("open"));
    expect(interceptor.outcomes).toEqual(["cancelled", "cancelled"]);
  });

  it("keeps hundreds of streams open at once", async () => {
    const streams = 300;
    let tick: (() => void)[] = [];
    const { proxy } = await setUp((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      tick.push(() => response.end("data: now\n\n"));
    });
    const open = await Promise.all(
      Array.from({ length: streams }, () => fetch(proxy.url, { headers: { accept: "text/event-stream" } })),
    );
    expect(proxy.stats().open).toBe(streams);
    for (const send of tick) send();
    tick = [];
    expect(new Set(await Promise.all(open.map((response) => response.text())))).toEqual(
      new Set(["data: now\n\n"]),
    );
    await waitFor(() => proxy.stats().open === 0);
  });
});

describe("large bodies", () => {
  const big = "é".repeat(10_000_000); // 20 MB of two-byte characters: chunks split them

  it("streams 20 MB through unchanged and records the call with size and hash of its arguments", async () => {
    const { upstream, proxy, interceptor } = await setUp(echo);
    const body = callBody("upload", { text: big });
    const response = await post(proxy.url, body);
    expect(response.status).toBe(200);
    expect(upstream.bodies[0]?.equals(Buffer.from(body))).toBe(true);
    const args = JSON.stringify({ text: big });
    await waitFor(() => interceptor.outcomes[0] === "ok");
    expect(interceptor.calls[0]?.start).toMatchObject({
      target: { tool: "upload" },
      args: { "tripline:streamed": { bytes: Buffer.byteLength(args), sha256: hash("sha256", args, "hex") } },
      argsBytes: Buffer.byteLength(args),
    });
  });

  it.each([
    ["name first", (text: string) => callBody("rm", { text })],
    [
      "name and method last",
      (text: string) =>
        `{"params":{"arguments":{"text":"${text}"},"name":"rm"},"id":1,"method":"tools/call"}`,
    ],
    ["in a batch", (text: string) => `[${callBody("ok", { text }, 2)},${callBody("rm", { text })}]`],
    ["followed by a megabyte of spaces", (text: string) => callBody("rm", { text }) + " ".repeat(1_500_000)],
  ])("refuses a large call of a refused tool before the server has its end: %s", async (_name, body) => {
    const { upstream, proxy, interceptor } = await setUp(echo);
    interceptor.deny = ({ target }) =>
      target.tool === "rm" ? { revocationId: "r1", scope: "tool", reason: "dangerous" } : null;
    const response = await post(proxy.url, body("x".repeat(2_000_000)));
    expect(response.status).toBe(200);
    expect(JSON.stringify(await response.json())).toContain('"code":-31403');
    expect(upstream.bodies).toEqual([]);
    expect(interceptor.outcomes).not.toContain("open");
    expect(interceptor.outcomes.at(-1)).toBe("denied");
  });

  it.each([
    ["small", 10],
    ["large", 2_000_000],
  ])("keeps a %s call back until it is decided, and answers in the server's place", async (_name, size) => {
    const { upstream, proxy, interceptor } = await setUp(echo);
    const verdicts = [Promise.withResolvers<Decided>(), Promise.withResolvers<Decided>()];
    let asked = 0;
    interceptor.hold = () => verdicts[asked++]?.promise ?? null;
    const body = callBody("rm", { text: "x".repeat(size) });
    const first = post(proxy.url, body);
    await waitFor(() => asked === 1);
    expect(upstream.bodies).toEqual([]);
    verdicts[0]?.resolve({ kind: "allow" });
    expect((await first).status).toBe(200);
    expect(upstream.bodies.map(String).join() === body).toBe(true); // its difference would be two megabytes long
    const second = post(proxy.url, body);
    await waitFor(() => asked === 2);
    verdicts[1]?.resolve({
      kind: "deny",
      refusal: { revocationId: "mass-delete", scope: "call", reason: "a rule speaks against this call" },
    });
    const refused = await second;
    expect(refused.status).toBe(200);
    expect(JSON.stringify(await refused.json())).toContain('"code":-31403');
    expect(upstream.bodies).toHaveLength(1);
    expect(interceptor.outcomes).toEqual(["ok", "denied"]);
  });

  it("forwards no call whose client is gone while it waited", async () => {
    const { upstream, proxy, interceptor } = await setUp(echo);
    const verdict = Promise.withResolvers<Decided>();
    interceptor.hold = () => verdict.promise;
    const client = new AbortController();
    const request = fetch(proxy.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: callBody("rm", { text: "x" }),
      signal: client.signal,
    });
    await waitFor(() => interceptor.calls.length === 1);
    client.abort();
    await expect(request).rejects.toThrow();
    await waitFor(() => proxy.stats().open === 0, { what: "the proxy to notice" });
    verdict.resolve({ kind: "allow" });
    await waitFor(() => interceptor.outcomes[0] === "cancelled");
    expect(upstream.bodies).toEqual([]);
  });

  it("reads an upload no faster than the server does, and gives it up with the client", async () => {
    let taken = 0;
    let broken = false;
    let readOn = (): void => undefined;
    const server = createServer((request) => {
      readOn = () => request.resume();
      request.once("data", (chunk: Buffer) => {
        taken += chunk.length;
        request.pause(); // and reads no further
      });
      request.on("close", () => {
        broken = !request.complete;
      });
    });
    const url = await listenOnFreePort(server);
    closers.push(() => closeServer(server));
    const { proxy, interceptor } = await proxyTo(`${url}/mcp`);
    const client = httpRequest(proxy.url, { method: "POST", headers: JSON_HEADERS });
    client.on("error", () => undefined);
    let sent = 0;
    const chunk = Buffer.alloc(256 * 1024, "x");
    const more = (): void => {
      while (sent < 200 * 1024 * 1024) {
        sent += chunk.length;
        if (!client.write(chunk)) {
          client.once("drain", more);
          return;
        }
      }
    };
    client.write('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"up","arguments":{"text":"');
    more();
    let before = -1;
    await waitFor(() => {
      const still = sent === before && taken > 0;
      before = sent;
      return still;
    });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    client.destroy();
    readOn(); // a socket that nobody reads does not notice that it was closed
    await waitFor(() => broken, { what: "the server to see the upload end early" });
    await waitFor(() => proxy.stats().open === 0);
    expect(interceptor.calls).toEqual([]); // it was never a complete call
  });

  it("does not let an announced length end the body early", async () => {
    const { upstream, proxy } = await setUp(echo);
    const body = callBody("upload", { text: "x".repeat(3_000_000) });
    const request = httpRequest(proxy.url, {
      method: "POST",
      headers: { ...JSON_HEADERS, "transfer-encoding": "chunked" },
    });
    const status = await new Promise((resolve, reject) => {
      request.on("response", (response) => resolve(response.statusCode)).on("error", reject);
      request.end(body);
    });
    expect(status).toBe(200);
    expect(upstream.bodies[0]?.toString()).toBe(body);
  });
});

describe("refusal", () => {
  const denyTool = (tool: string) => (start: { target: { tool: string } }) =>
    start.target.tool === tool
      ? { revocationId: "r1", scope: "tool" as const, reason: "changed behind our back" }
      : null;

  it("answers one refused tool with a JSON-RPC error, and lets the others go on", async () => {
    const { upstream, proxy, interceptor } = await setUp(echo);
    interceptor.deny = denyTool("rm");
    const refused = await post(proxy.url, callBody("rm", {}, "a"), {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "rm",
    });
    expect(refused.status).toBe(200);
    expect(await refused.json()).toMatchObject({
      id: "a",
      error: { code: -31403, data: { scope: "tool", revocation_id: "r1", retryable: false } },
    });
    expect((await post(proxy.url, callBody("ls"))).status).toBe(200);
    expect(upstream.bodies).toHaveLength(1);
  });

  it("refuses a whole batch when one of its calls is refused", async () => {
    const { upstream, proxy, interceptor } = await setUp(echo);
    interceptor.deny = denyTool("rm");
    const response = await post(proxy.url, `[${callBody("ls", {}, 1)},${callBody("rm", {}, 2)}]`);
    const answers = (await response.json()) as { id: number; error: { code: number } }[];
    expect(answers.map(({ id, error }) => [id, error.code]).sort()).toEqual([
      [1, -31403],
      [2, -31403],
    ]);
    expect(upstream.requests).toEqual([]);
    expect(interceptor.outcomes).toEqual(["cancelled", "denied"]);
  });

  it("refuses a revoked key on every method with 403 and no challenge, and records its calls as denied", async () => {
    const { upstream, proxy, interceptor, access } = await setUp(echo);
    access.revoke("key:acme/bot");
    interceptor.deny = ({ caller }) => access.refusal({ caller, session: {}, server: "" });
    const headers = { "x-api-key": KEY };
    const initialize = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} });
    const answers = [
      await post(proxy.url, callBody("a"), headers),
      await post(proxy.url, callBody("big", { text: "x".repeat(2_000_000) }), headers),
      await post(proxy.url, initialize, headers),
      await fetch(proxy.url, { headers }),
      await fetch(proxy.url, { method: "DELETE", headers }),
      await post(proxy.url, "not json", headers),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(403);
      expect(answer.headers.get("www-authenticate")).toBeNull();
      expect(await answer.json()).toMatchObject({ error: { code: -31403, data: { scope: "credential" } } });
    }
    expect(upstream.requests).toEqual([]);
    expect(interceptor.outcomes).toEqual(["denied", "denied"]);
    expect(interceptor.calls[1]?.start.target.tool).toBe("big");
    expect((await post(proxy.url, callBody("a"))).status).toBe(200);
  });

  it("closes streams that are open when their key is revoked, and no others", async () => {
    let closed = 0;
    const { proxy, access } = await setUp((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      response.on("close", () => {
        closed += 1;
      });
    });
    const mine = await fetch(proxy.url, { headers: { "x-api-key": KEY } });
    const other = await fetch(proxy.url);
    const text = mine.text();
    text.catch(() => undefined);
    access.revoke("key:acme/bot");
    await expect(text).rejects.toThrow();
    await waitFor(() => closed === 1);
    expect(proxy.stats().open).toBe(1);
    await other.body?.cancel();
  });

  it("refuses a request that carries a revoked key beside a good one", async () => {
    const second = "k-good";
    const provider = createApiKeyProvider({
      issuer: "acme",
      headers: ["x-other-key"],
      keys: [{ id: "good", sha256: hash("sha256", second, "hex") }],
    });
    const { proxy, access } = await setUp(echo, { identity: [provider, apiKeys] });
    const headers = { "x-other-key": second, "x-api-key": KEY };
    expect((await post(proxy.url, callBody("a"), headers)).status).toBe(200);
    access.revoke("key:acme/bot");
    expect((await post(proxy.url, callBody("a"), headers)).status).toBe(403);
  });

  it("asks nobody known for a credential where the operator wants that, but not for metadata or preflights", async () => {
    const { proxy } = await setUp((_request, response) => response.end("{}"), {
      requireIdentity: true,
      publicUrl: "https://mcp.example/mcp",
    });
    const response = await post(proxy.url, callBody("a"), { "x-api-key": "wrong" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(
      'Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"',
    );
    expect((await fetch(proxy.url, { method: "OPTIONS" })).status).toBe(200);
    const { origin } = new URL(proxy.url);
    expect((await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)).status).toBe(200);
  });
});

describe("what two parsers could read differently", () => {
  it.each([
    ["a key twice", '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"rm"}}'],
    ["a key in another case", '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}'],
    ["a name twice", '{"id":1,"method":"tools/call","params":{"name":"ls","n\\u0061me":"rm"}}'],
    ["a key with the long s", '{"id":1,"method":"tools/call","params":{"name":"ls"},"paramſ":{"name":"rm"}}'],
    ["text behind the value", `${callBody("ls")}${callBody("rm")}`],
    ["a comment", `{/*"*/"id":1,"method":"tools/call","params":{"name":"rm"}/*"*/}`],
    ["a byte order mark", `\ufeff${callBody("rm")}`],
    ["another charset", Buffer.from(callBody("rm"), "utf16le")],
  ])("refuses a body with %s", async (_name, body) => {
    const { upstream, proxy } = await setUp(echo);
    const response = await post(proxy.url, body);
    expect(response.status).toBe(400);
    expect(upstream.requests).toEqual([]);
    const text = typeof body === "string" ? body : body.toString("latin1");
    const large = await post(proxy.url, Buffer.from(text + " ".repeat(1_200_000), "utf8"));
    expect(large.status).toBe(400);
    expect(upstream.bodies).toEqual([]);
    expect(proxy.stats().rejected).toBe(2);
  });

  it("refuses compressed bodies", async () => {
    const { upstream, proxy } = await setUp(echo);
    const response = await post(proxy.url, gzipSync(callBody("rm")), { "content-encoding": "gzip" });
    expect([response.status, response.headers.get("accept-encoding")]).toEqual([415, "identity"]);
    expect(upstream.requests).toEqual([]);
  });

  const body = callBody("rm");
  it.each([
    ["two lengths", `Content-Length: ${body.length}\r\nContent-Length: 5\r\n`],
    ["length and chunks", `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n`],
    ["an unknown coding", "Transfer-Encoding: gzip, chunked\r\n"],
    ["a coding that hides", "Transfer-Encoding: xchunked\r\n"],
    ["two keys", `Content-Length: ${body.length}\r\nX-API-Key: a\r\nx-api-key: ${KEY}\r\n`],
    ["two authorizations", `Content-Length: ${body.length}\r\nAuthorization: a\r\nAuthorization: b\r\n`],
    [
      "a dropped session",
      `Content-Length: ${body.length}\r\nConnection: mcp-session-id\r\nMcp-Session-Id: s\r\n`,
    ],
    ["a folded line", `Content-Length: ${body.length}\r\nX-A: 1\r\n x-api-key: ${KEY}\r\n`],
    ["a space before the colon", `Content-Length : ${body.length}\r\n`],
  ])("refuses %s", async (_name, headers) => {
    const { upstream, proxy } = await setUp(echo);
    const head = `POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n`;
    expect(await raw(proxy.url, head + body, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400/);
    expect(upstream.requests).toEqual([]);
  });

  it("goes to the configured server only, whatever the request target says", async () => {
    const { upstream, proxy } = await setUp((request, response) => response.end(request.url));
    const answer = await raw(
      proxy.url,
      "GET http://other.example/x?y=1 HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n",
      /\/x\?y=1/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(upstream.requests).toHaveLength(1);
    expect(await raw(proxy.url, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", /\r\n\r\n/)).toMatch(/ 400 /);
  });

  it("checks Host itself where the server is shown its own", async () => {
    const { upstream, proxy } = await setUp((_request, response) => response.end("ok"), {
      hostHeader: "upstream",
    });
    const { host } = new URL(proxy.url);
    const get = (name: string): Promise<string> =>
      raw(proxy.url, `GET /mcp HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`, /\r\n\r\n/);
    expect(await get("evil.example")).toMatch(/^HTTP\/1\.1 403/);
    expect(await get(host)).toMatch(/^HTTP\/1\.1 200/);
    expect(upstream.requests[0]?.headers.host).toBe(new URL(upstream.url).host);
  });
});

describe("OAuth resource metadata", () => {
  const metadata: Answer = (request, response) => {
    if (request.url?.startsWith("/.well-known/") === true) {
      response.writeHead(200, { "content-type": "application/json", etag: '"1"' });
      response.end(
        JSON.stringify({
          resource: `http://${request.headers.host}/mcp`,
          authorization_servers: ["https://idp.example"],
          signed_metadata: "a.b.c",
        }),
      );
      return;
    }
    const address = `http://${request.headers.host}/.well-known/oauth-protected-resource/mcp`;
    response.writeHead(401, { "www-authenticate": `Bearer error="x", resource_metadata="${address}"` }).end();
  };

  it("names the public address", async () => {
    const { proxy } = await setUp(metadata, { publicUrl: "https://mcp.example/team/mcp" });
    const { origin } = new URL(proxy.url);
    const response = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await response.json()).toEqual({
      resource: "https://mcp.example/team/mcp",
      authorization_servers: ["https://idp.example"],
    });
    expect(response.headers.get("etag")).toBeNull();
    const challenged = await fetch(proxy.url);
    expect(challenged.headers.get("www-authenticate")).toBe(
      'Bearer error="x", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"',
    );
  });

  it("is left alone without a public address", async () => {
    const { proxy } = await setUp(metadata);
    const { origin } = new URL(proxy.url);
    const response = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await response.json()).toMatchObject({ resource: `${origin}/mcp`, signed_metadata: "a.b.c" });
  });
});

describe("starting and stopping", () => {
  it("says that its port is taken", async () => {
    const { proxy } = await setUp(echo);
    const taken = createHttpProxy({
      listen: { port: Number(new URL(proxy.url).port) },
      upstream: proxy.url,
      server: "s",
      interceptor: new RecordingInterceptor(),
    });
    closers.push(() => taken.stop());
    await expect(taken.start()).rejects.toMatchObject({ code: "TRIPLINE_PROXY_LISTEN" });
    expect(taken.health().state).toBe("failed");
  });

  it("ends open streams and records their calls as in doubt", async () => {
    const { proxy, interceptor } = await setUp((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("id: 1\ndata: 1\n\n");
    });
    const response = await post(proxy.url, callBody("a"), { "mcp-session-id": "s" });
    const text = response.text();
    text.catch(() => undefined);
    await proxy.stop();
    await expect(text).rejects.toThrow();
    expect(interceptor.outcomes).toEqual(["in_doubt"]);
    expect(proxy.health().state).toBe("stopped");
  });
});
