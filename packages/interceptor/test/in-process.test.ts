import {
  Client as Client2,
  InMemoryTransport as Memory2,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { InMemoryTransport as Memory1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer as Server1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { createMcpHandler, McpServer as Server2 } from "@modelcontextprotocol/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { waitFor } from "../../../test/support/wait-for.ts";
import { type Caller, type InstrumentOptions, instrument, wrapTransport } from "../src/index.ts";
import { Harness } from "./support/harness.ts";

const caller: Caller = { credential: "local:demo", assurance: "verified" };

let harness: Harness;

beforeEach(() => {
  harness = new Harness();
});

afterEach(async () => {
  await harness.close();
});

function options(): InstrumentOptions {
  return { interceptor: harness.interceptor, server: "adder", caller };
}

const definition = { description: "adds", inputSchema: z.object({ a: z.number(), b: z.number() }) };

function add({ a, b }: { a: number; b: number }) {
  return { content: [{ type: "text" as const, text: String(a + b) }] };
}

/** A server of SDK v1 with a tool that adds, one that fails and one that never ends. */
function server1(): Server1 {
  const server = new Server1({ name: "adder", version: "1" });
  server.registerTool("add", { ...definition, inputSchema: definition.inputSchema.shape }, add);
  server.registerTool("fail", {}, () => {
    throw new Error("it went wrong");
  });
  server.registerTool("hang", {}, () => new Promise<never>(() => undefined));
  return server;
}

function server2(): Server2 {
  const server = new Server2({ name: "adder", version: "1" });
  server.registerTool("add", definition, add);
  server.registerTool("fail", {}, () => {
    throw new Error("it went wrong");
  });
  server.registerTool("hang", {}, () => new Promise<never>(() => undefined));
  return server;
}

interface Calls {
  callTool(params: { name: string; arguments?: Record<string, unknown> }, ...rest: never[]): Promise<unknown>;
  close(): Promise<void>;
}

type Sdk = "v1" | "v2";
type Way = "instrument" | "wrapTransport";

/** A client and a server in one process, tapped on one side. */
async function connected(sdk: Sdk, side: "client" | "server", way: Way): Promise<Calls> {
  const server = sdk === "v1" ? server1() : server2();
  const client =
    sdk === "v1" ? new Client1({ name: "test", version: "1" }) : new Client2({ name: "test", version: "1" });
  const Memory = sdk === "v1" ? Memory1 : Memory2;
  let [near, far] = Memory.createLinkedPair();
  if (way === "instrument") instrument(side === "client" ? client : server, options());
  else if (side === "client") near = wrapTransport(near, { ...options(), role: "client" });
  else far = wrapTransport(far, { ...options(), role: "server" });
  await Promise.all([server.connect(far as never), client.connect(near as never)]);
  return client as unknown as Calls;
}

const cases = (["v1", "v2"] as const).flatMap((sdk) =>
  (["client", "server"] as const).flatMap((side) =>
    (["instrument", "wrapTransport"] as const).map((way) => ({ sdk, side, way })),
  ),
);

describe.each(cases)("$way on the $side side of SDK $sdk", ({ sdk, side, way }) => {
  it("records calls once, with what the agent reads", async () => {
    const client = await connected(sdk, side, way);
    expect(await client.callTool({ name: "add", arguments: { a: 1, b: 2 } })).toMatchObject({
      content: [{ text: "3" }],
    });
    await client.callTool({ name: "fail" });
    await waitFor(() => harness.calls.length === 2);
    expect(harness.outcomes).toEqual(["ok", "tool_error"]);
    expect(harness.calls[0]?.payload?.result).toBe("3");
    expect(harness.calls[0]?.envelope.actor).toMatchObject({ credential: "local:demo", client: "test 1" });
    const intents = harness.sender.records.filter(({ envelope }) => envelope.type === "call.intent");
    expect(intents[0]?.payload?.args).toEqual({ a: 1, b: 2 });
    await client.close();
  });

  it("refuses with -31403 while the credential is revoked", async () => {
    const client = await connected(sdk, side, way);
    harness.revoke();
    await expect(client.callTool({ name: "add", arguments: { a: 1, b: 2 } })).rejects.toMatchObject({
      code: -31403,
      data: { retryable: false, revocation_id: "alert-1" },
    });
    harness.reinstate();
    await client.callTool({ name: "add", arguments: { a: 1, b: 2 } });
    await waitFor(() => harness.calls.length === 2);
    expect(harness.outcomes).toEqual(["denied", "ok"]);
    await client.close();
  });

  it("ends calls that are cancelled, and those a closed connection leaves open", async () => {
    const client = await connected(sdk, side, way);
    const abort = new AbortController();
    const call = client.callTool as (...args: unknown[]) => Promise<unknown>;
    const rest = sdk === "v1" ? [undefined, { signal: abort.signal }] : [{ signal: abort.signal }];
    const cancelled = call.call(client, { name: "hang" }, ...rest);
    const hanging = call.call(client, { name: "hang" });
    hanging.catch(() => undefined);
    await waitFor(() => harness.sender.records.length >= 2);
    abort.abort("enough");
    await expect(cancelled).rejects.toBeDefined();
    await waitFor(() => harness.outcomes[0] === "cancelled");
    await client.close();
    await waitFor(() => harness.outcomes[1] === "in_doubt");
  });
});

describe("protocol 2026-07-28 over HTTP", () => {
  function handler() {
    return createMcpHandler(() => instrument(server2(), options()));
  }

  async function client(handle: ReturnType<typeof handler>): Promise<Client2> {
    const made = new Client2(
      { name: "test", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    const fetch = (url: string | URL, init?: RequestInit) => handle.fetch(new Request(url, init));
    await made.connect(new StreamableHTTPClientTransport(new URL("http://127.0.0.1/mcp"), { fetch }));
    return made;
  }

  it("is recorded through the transports that the SDK makes for each request", async () => {
    const connectedClient = await client(handler());
    await connectedClient.callTool({ name: "add", arguments: { a: 2, b: 3 } });
    await waitFor(() => harness.calls.length === 1);
    expect(harness.calls[0]?.payload?.result).toBe("5");
    expect(harness.calls[0]?.envelope.actor?.client).toBe("test 1");
    await connectedClient.close();
  });

  it("calls an unknown tool a protocol error, a revoked credential refused, an aborted request cancelled", async () => {
    const connectedClient = await client(handler());
    await expect(connectedClient.callTool({ name: "nothing" })).rejects.toMatchObject({ code: -32602 });
    await waitFor(() => harness.calls[0]?.envelope.call?.error_code === "-32602");
    harness.revoke();
    await expect(connectedClient.callTool({ name: "add", arguments: { a: 2, b: 3 } })).rejects.toMatchObject({
      code: -31403,
    });
    harness.reinstate();
    const abort = new AbortController();
    const hanging = connectedClient.callTool({ name: "hang" }, { signal: abort.signal });
    await waitFor(
      () => harness.sender.records.filter(({ envelope }) => envelope.type === "call.intent").length === 2,
    );
    abort.abort();
    await expect(hanging).rejects.toBeDefined();
    await waitFor(() => harness.outcomes[2] === "cancelled");
    await connectedClient.close();
  });
});

describe.each([
  { sdk: "v1", Client: Client1, Stdio: Stdio1 },
  { sdk: "v2", Client: Client2, Stdio: Stdio2 },
])("a client of SDK $sdk that starts its server on stdio", ({ Client, Stdio }) => {
  it("is recorded and refused", async () => {
    const client = instrument(new Client({ name: "test", version: "1" }), {
      ...options(),
      server: "everything",
    });
    const transport = new Stdio({
      command: process.execPath,
      args: ["node_modules/@modelcontextprotocol/server-everything/dist/index.js", "stdio"],
      stderr: "ignore",
    });
    await client.connect(transport as never);
    await client.listTools();
    const calls = client as unknown as Calls;
    await calls.callTool({ name: "echo", arguments: { message: "hello" } });
    await waitFor(() => harness.calls.length === 1);
    expect(harness.calls[0]?.payload?.result).toContain("hello");
    expect(harness.calls[0]?.envelope.target?.definition).toBeDefined();
    harness.revoke();
    await expect(calls.callTool({ name: "echo", arguments: { message: "x" } })).rejects.toMatchObject({
      code: -31403,
    });
    await client.close();
  });
});
