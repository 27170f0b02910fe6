import { hash, randomBytes } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { type Caller, connectInterceptor, instrument, wrapTool } from "@tripline/interceptor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLeakyServer, type Leaks } from "./support/leaky-server.ts";
import { type OwnProcess, startProcess } from "./support/own-process.ts";
import { KIND_COUNT, MARK, opaqueFor, secretArguments, secretsFor } from "./support/secrets.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { storedRecords } from "./support/stored-records.ts";
import { waitFor } from "./support/wait-for.ts";
import { recordWire, type WireRecorder } from "./support/wire-recorder.ts";

const WIRE_PORT = 21_230;
const PROXY_PORT = 21_231;
const NOBODY = "http://127.0.0.1:21239"; // nothing listens there: its spool stays on the disk
const CLI = new URL("../packages/cli/bin/tripline.js", import.meta.url).pathname;
const LEAKY = new URL("support/leaky-stdio.ts", import.meta.url).pathname;
const RESULT_BYTES = 128 * 1024; // what a payload keeps of a result
const ARGS_BYTES = 64 * 1024;
/** Stands beside the secrets: where it is found, the search looked at the right bytes. */
const PLAIN = "perfectly-ordinary-text";
const TOOLS = ["read_result", "fail", "rpc_error"];
const caller: Caller = { credential: "local:agent", assurance: "asserted", agent: "agent" };

const folder = mkdtempSync(join(tmpdir(), "tripline-secrets-"));
const webhooks: string[] = [];
const printed: string[] = [];
const refusals: string[] = [];
const API_KEY = opaqueFor("XK");
let receiver: Server;
let upstream: Server;
let service: Standalone;
let wire: WireRecorder;
let proxy: OwnProcess;
let key: string;
let reader: string;
let stored: string;
let metrics: string;

function leaksAt(place: string): Leaks {
  return {
    description: `${PLAIN} ${secretsFor(`${place}Q`)}`,
    result: `${PLAIN}\n${secretsFor(`${place}R`)}`,
    failure: `${PLAIN}\n${secretsFor(`${place}F`)}`,
    rpcError: `${PLAIN}\n${secretsFor(`${place}E`)}`,
  };
}

async function callAll(client: Client, place: string): Promise<void> {
  await client.listTools();
  for (const name of TOOLS) {
    const called = client.callTool({ name, arguments: { note: PLAIN, ...secretArguments(place) } });
    if (name === "rpc_error") await expect(called).rejects.toThrow();
    else await called;
  }
}

async function throughStdio(): Promise<void> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [CLI, "--data", join(folder, "stdio"), "proxy"].concat(
      ["--credential", "local:agent", "--server", "leaky", "--upstream-env", "UPSTREAM_TOKEN"],
      ["--", process.execPath, LEAKY],
    ),
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      TRIPLINE_URL: wire.url,
      TRIPLINE_INGEST_KEY: key,
      UPSTREAM_TOKEN: opaqueFor("SV"),
      LEAKS: JSON.stringify(leaksAt("S")),
    },
    stderr: "pipe",
  });
  transport.stderr?.on("data", (text: Buffer) => printed.push(text.toString()));
  const client = new Client({ name: "secrets", version: "1.0.0" });
  await client.connect(transport);
  await callAll(client, "S");
  await client.close();
}

async function throughHttp(): Promise<void> {
  upstream = createServer((request, response) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    const server = createLeakyServer(leaksAt("H"));
    server.connect(transport as never).then(
      () => transport.handleRequest(request, response),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const identity = join(folder, "identity.json");
  const known = { id: "agent-7", sha256: hash("sha256", API_KEY, "hex") };
  writeFileSync(identity, JSON.stringify({ api_keys: [{ issuer: "acme", keys: [known] }] }));
  const address = upstream.address() as AddressInfo;
  proxy = startProcess(CLI, {
    args: ["--data", join(folder, "http"), "proxy", "--listen", `127.0.0.1:${PROXY_PORT}`].concat([
      "--upstream",
      `http://127.0.0.1:${address.port}/mcp`,
      "--identity",
      identity,
    ]),
    env: { TRIPLINE_URL: wire.url, TRIPLINE_INGEST_KEY: key },
  });
  await waitFor(() => proxy.output().includes("proxy for"), { what: "the HTTP proxy" });
  // Once as somebody known, once with what nobody knows.
  const headers = { "x-vault-token": opaqueFor("XV"), cookie: `session=${opaqueFor("XC")}` };
  for (const authorization of [`Bearer ${API_KEY}`, `Bearer ${opaqueFor("XB")}`]) {
    const client = new Client({ name: "secrets", version: "1.0.0" });
    const requestInit = { headers: { ...headers, authorization } };
    const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${PROXY_PORT}/mcp`), {
      requestInit,
    });
    await client.connect(transport as never);
    await callAll(client, "H");
    await client.close();
  }
  await proxy.end("SIGTERM");
  printed.push(proxy.output());
}

async function inProcess(url: string, place: string): Promise<void> {
  const interceptor = await connectInterceptor({
    url,
    ingestKey: key,
    stateDir: join(folder, `in-process-${place}`),
    onWarning: (warning) => printed.push(`${warning.message} ${String(warning.cause)}`),
  });
  const server = instrument(createLeakyServer(leaksAt(`${place}I`)), {
    interceptor,
    server: "leaky",
    caller,
  });
  const client = new Client({ name: "secrets", version: "1.0.0" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  await callAll(client, `${place}I`);
  await client.close();

  const options = { interceptor, server: "functions", caller };
  const leaks = leaksAt(`${place}W`);
  await wrapTool("text", async (_args: unknown) => leaks.result, options)(secretArguments(`${place}W`));
  await wrapTool(
    "object",
    async (_args: unknown) => ({ note: PLAIN, ...secretArguments(`${place}WO`) }),
    options,
  )(JSON.stringify(secretArguments(`${place}WJ`)));
  const failing = wrapTool(
    "throws",
    async (_args: unknown): Promise<string> => {
      throw new Error(leaks.failure);
    },
    options,
  );
  await expect(failing({ note: PLAIN })).rejects.toThrow();
  // Where the payload is cut: secrets before, across and behind the edge.
  for (const [at, edge] of [-200, -20, 0, 8 * 1024 - 20].entries()) {
    const secret = secretsFor(`${place}${at}`);
    const result = `${"x ".repeat((RESULT_BYTES + edge) / 2)} ${secret}`;
    const args = {
      a_text: `${"x ".repeat((ARGS_BYTES + edge) / 2)} ${secret}`,
      note: PLAIN,
      refresh_token: opaqueFor(`${place}G`),
    };
    await wrapTool("large", async (_args: unknown) => result, options)(args);
  }
  await wrapTool(
    "long",
    async (_args: unknown) => PLAIN,
    options,
  )({
    authorization: opaqueFor(`${place}LA`),
    cookie: opaqueFor(`${place}LC`),
    credentials: { otp: opaqueFor(`${place}LO`) },
    padding: "x ".repeat(ARGS_BYTES),
  });
  await interceptor.close(url === NOBODY ? 0 : 10_000);
}

/** Requests that hold secrets where they don't belong. */
async function ask(): Promise<void> {
  const asked = [
    service.request(`/api/calls?text=${encodeURIComponent(opaqueFor("QT"))}`),
    service.request(`/api/calls?cursor=${opaqueFor("QC")}`),
    fetch(`${service.url}/api/calls`, { headers: { authorization: `Bearer ${opaqueFor("QB")}` } }),
    fetch(`${service.url}/v1/records`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
      body: `{"envelope":{"v":1,"type":"${opaqueFor("QE")}"}}\n${opaqueFor("QL")}`,
    }),
  ];
  for (const answer of await Promise.all(asked)) refusals.push(await answer.text());
}

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      webhooks.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  writeFileSync(
    join(data, "response.yaml"),
    `notifiers:\n  - { name: on-call, type: webhook, url: "${hook}", secret: { env: ON_CALL_SECRET } }\nroutes: [{ notify: [on-call] }]\negress: { allow_internal: [127.0.0.1] }\n`,
    { mode: 0o600 },
  );
  service = await startStandalone({
    data,
    env: {
      ON_CALL_SECRET: `whsec_${randomBytes(32).toString("base64")}`,
      TRIPLINE_LOG_LEVEL: "debug",
    },
  });
  wire = await recordWire(service.url, WIRE_PORT);
  const enrolled = { id: "taps", issuers: ["local", "key:acme"], credentials: ["local:agent"] };
  ({ key } = await service.json<{ key: string }>("/v1/producers", {
    method: "POST",
    body: JSON.stringify(enrolled),
  }));
  ({ token: reader } = await service.json<{ token: string }>("/v1/tokens", {
    method: "POST",
    body: JSON.stringify({ id: "reader", roles: ["read"] }),
  }));

  await throughStdio();
  await throughHttp();
  await inProcess(wire.url, "P");
  await inProcess(NOBODY, "O");
  await ask();
  await fetch(`${service.url}/api/calls`, { headers: { authorization: `Bearer ${reader}` } });

  const expected = TOOLS.length * 4 + 3 + 4 + 1; // stdio, HTTP twice, instrumented; functions; large; long
  const calls = await waitFor(
    async () => {
      const rows = await storedRecords(service, "type=call,call.intent,tools.listed&producer=taps");
      return rows.filter((row) => row.type === "call").length === expected ? rows : null;
    },
    { what: "all calls to be stored", timeoutMs: 20_000 },
  );
  await waitFor(() => webhooks.length > 0, { what: "a webhook" });
  const answers = await Promise.all([
    ...calls.flatMap(({ id }) => [`/api/calls/${id}`, `/api/calls/${id}/payload`]).map(textOf),
    ...["/api/calls?type=access,decision,heartbeat", "/api/alerts", "/api/sessions", "/api/overview"].map(
      textOf,
    ),
  ]);
  stored = answers.join("\n");
  metrics = await textOf("/metrics");
  await service.stop();
  printed.push(service.output());
}, 120_000);

afterAll(async () => {
  await proxy?.end();
  await service?.dispose();
  await wire?.close();
  for (const server of [receiver, upstream]) server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function textOf(path: string): Promise<string> {
  return (await service.request(path)).text();
}

/** Where a needle stands, with what is around it: empty when it is nowhere. */
function found(haystack: Buffer | string, needle: string): string[] {
  const bytes = Buffer.from(haystack);
  const places: string[] = [];
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
    places.push(bytes.subarray(Math.max(0, at - 60), at + 24).toString("latin1"));
  }
  return [...new Set(places)];
}

function files(): { path: string; bytes: Buffer }[] {
  return globSync("**/*", { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, bytes: readFileSync(path) }));
}

describe("a secret that is recognised", () => {
  it("is replaced, kind by kind, in what is stored", () => {
    expect(found(stored, PLAIN).length).toBeGreaterThan(0);
    for (const kind of [
      "private_key",
      "jwt",
      "aws_access_key",
      "github_token",
      "bearer",
      "url_password",
      "secret",
    ]) {
      expect(stored).toContain(`⟨${kind}:`);
    }
    expect(KIND_COUNT).toBeGreaterThan(15);
    expect(found(stored, MARK)).toEqual([]);
  });

  it("is in no file: log, store, spools, what interceptors keep", () => {
    const all = files();
    const holding = all.filter(({ bytes }) => bytes.includes(PLAIN)).map(({ path }) => path);
    expect(
      holding.some((path) => path.includes("/data/log/")),
      "the search sees the log's values",
    ).toBe(true);
    expect(
      holding.some((path) => path.includes("/in-process-O/")),
      "the search sees a spool",
    ).toBe(true);
    const leaked = all.flatMap(({ path, bytes }) => found(bytes, MARK).map((where) => `${path}: ${where}`));
    expect(leaked).toEqual([]);
  });

  it("does not travel between interceptor and collector", () => {
    const bytes = wire.bytes();
    expect(found(bytes, PLAIN).length).toBeGreaterThan(0);
    expect(found(bytes, MARK)).toEqual([]);
  });

  it("is in nothing printed, no metric, no webhook, no refusal", () => {
    expect(printed.join("").length).toBeGreaterThan(0);
    expect(webhooks.length).toBeGreaterThan(0);
    expect(found(printed.join("\n"), MARK)).toEqual([]);
    expect(found(metrics, MARK)).toEqual([]);
    expect(found(webhooks.join("\n"), MARK)).toEqual([]);
    expect(found(refusals.join("\n"), MARK)).toEqual([]);
  });
});

describe("ingest keys and tokens", () => {
  it("are only where their owner keeps them", () => {
    const secrets = [key, reader, service.client.token, service.client.ingest_key];
    for (const secret of secrets) {
      const where = files()
        .filter(({ path, bytes }) => !path.endsWith("/client.json") && bytes.includes(secret))
        .map(({ path }) => path);
      expect(where).toEqual([]);
      for (const text of [stored, metrics, printed.join("\n"), webhooks.join("\n"), refusals.join("\n")]) {
        expect(text.includes(secret)).toBe(false);
      }
    }
  });
});
