import { type ChildProcess, fork } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keyedHasher } from "@tripline/events";
import { Pool } from "undici";
import { type BenchResult, type Figure, quantile } from "../../../bench/result.ts";
import { createInterceptor } from "../src/create-interceptor.ts";
import { createApiKeyProvider } from "../src/http-proxy/identity/api-key.ts";
import { createHttpProxy } from "../src/http-proxy/proxy.ts";
import type { Interceptor } from "../src/interceptor.ts";

/**
 * What the HTTP proxy adds to a 1 KB `tools/call` over going direct: `node bench/http-proxy.ts [calls]`, JSON on stdout.
 * Server, proxy and client are processes of their own; the proxy records with the real interceptor into a real spool.
 * The `bare` proxy records nothing: the difference is the recording's.
 * Blocks of direct and proxied calls alternate, one call at a time, so that the machine's moods hit both.
 */

const HOST = "127.0.0.1";
const SECRET = "bench-key";
const WARM_UP = 1_000;
const BLOCK = 100; // calls in a row on one way, as a busy agent makes them; a process that sleeps between calls is slower
const REDACTION_KEYS = [{ id: "bench", key: "ab".repeat(32) }];
const ARGUMENTS = { text: "a".repeat(880) }; // 1 KB for the whole message
const RESULT = { content: [{ type: "text", text: "r".repeat(500) }] };
const NOT_RECORDING: Interceptor = {
  begin: () => ({ kind: "allow", call: { id: "bench", end: () => undefined } }),
  listed: () => undefined,
  mayRefuse: () => false,
  keyedHasher: () => keyedHasher({ id: "bench", key: "ab".repeat(32) }),
  stats: () => {
    throw new Error("nothing was recorded");
  },
  close: () => Promise.resolve(),
};
const roles: Record<string, () => Promise<string>> = {
  server: serve,
  proxy: () => proxied(recording()),
  bare: () => proxied(NOT_RECORDING),
};

const [role = "client", parameter = "5000"] = process.argv.slice(2);
const run = roles[role];
if (run === undefined) await measure(Number(/^\d+$/.test(role) ? role : parameter));
else process.send?.(await run());

async function serve(): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: number };
      const answer = JSON.stringify({ result: RESULT, jsonrpc: "2.0", id });
      const sse = request.url?.endsWith("sse") === true;
      response.writeHead(200, { "content-type": sse ? "text/event-stream" : "application/json" });
      response.end(sse ? `event: message\ndata: ${answer}\n\n` : answer);
    });
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  return `http://${HOST}:${typeof address === "object" ? address?.port : 0}`;
}

function recording(): Interceptor {
  const stateDir = mkdtempSync(join(tmpdir(), "tripline-bench-"));
  process.on("exit", () => rmSync(stateDir, { recursive: true, force: true }));
  const accepted = { accepted: 0, refused: [] };
  return createInterceptor({
    tenant: "bench",
    producer: { id: "bench" },
    stateDir,
    sender: { send: () => Promise.resolve(accepted), close: () => Promise.resolve() },
    redactionKeys: () => REDACTION_KEYS,
  });
}

async function proxied(interceptor: Interceptor): Promise<string> {
  process.on("disconnect", () => process.exit());
  const keys = [{ id: "bench", sha256: hash("sha256", SECRET, "hex") }];
  const proxy = createHttpProxy({
    listen: { port: 0 },
    upstream: `${parameter}/mcp`,
    server: "bench",
    interceptor,
    identity: [createApiKeyProvider({ issuer: "bench", headers: ["authorization"], keys })],
  });
  await proxy.start();
  return new URL(proxy.url).origin;
}

async function measure(calls: number): Promise<void> {
  const server = await start("server");
  const proxy = await start("proxy", server.url);
  const bare = await start("bare", server.url);
  const pools = { direct: new Pool(server.url), proxied: new Pool(proxy.url), bare: new Pool(bare.url) };
  const figures: Figure[] = [];
  for (const form of ["json", "sse"]) {
    const times = {
      direct: new Float64Array(calls),
      proxied: new Float64Array(calls),
      bare: new Float64Array(calls),
    };
    for (let block = -WARM_UP; block < calls; block += BLOCK) {
      for (const way of ["direct", "proxied", "bare"] as const) {
        for (let i = block; i < Math.min(block + BLOCK, calls); i += 1) {
          const began = performance.now();
          await call(pools[way], `/mcp?${form}`, i);
          if (i >= 0) times[way][i] = (performance.now() - began) * 1000;
        }
      }
    }
    const median = (way: keyof typeof times): number => quantile([...times[way]], 0.5);
    figures.push(
      { name: `${form}: direct, median`, value: median("direct"), unit: "µs" },
      { name: `${form}: through the proxy, median`, value: median("proxied"), unit: "µs" },
      { name: `${form}: added, median`, value: median("proxied") - median("direct"), unit: "µs" },
      {
        name: `${form}: added without recording, median`,
        value: median("bare") - median("direct"),
        unit: "µs",
      },
    );
  }
  const result: BenchResult = { bench: "HTTP proxy: tools/call of 1 KB", figures };
  console.log(JSON.stringify(result));
  await Promise.all(Object.values(pools).map((pool) => pool.destroy()));
  proxy.child.disconnect();
  bare.child.disconnect();
  server.child.kill();
}

async function call(pool: Pool, path: string, id: number): Promise<void> {
  const { body } = await pool.request({
    method: "POST",
    path,
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${SECRET}`,
      "mcp-session-id": "bench-session",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "bench", arguments: ARGUMENTS },
    }),
  });
  await body.arrayBuffer();
}

async function start(as: string, ...rest: string[]): Promise<{ url: string; child: ChildProcess }> {
  const child = fork(fileURLToPath(import.meta.url), [as, ...rest]);
  const [url] = (await once(child, "message")) as [string];
  return { url, child };
}
