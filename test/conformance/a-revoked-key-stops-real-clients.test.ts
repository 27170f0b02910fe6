import { generateKeyPairSync, hash, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type Revocation, revocationBytes, type SignedRevocation } from "@tripline/events";
import {
  createInterceptor,
  DenyList,
  EntryVerifier,
  type Interceptor,
  MemorySender,
} from "@tripline/interceptor";
import {
  createApiKeyProvider,
  createHttpProxy,
  denyListAccess,
  type HttpProxy,
} from "@tripline/interceptor/http-proxy";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitFor } from "../support/wait-for.ts";
import { startServer2025 } from "./reference/server-2025.ts";
import { startServer2026 } from "./reference/server-2026.ts";
import type { ReferenceServer } from "./reference/start-http.ts";

const KEYS = [{ id: "test", key: "ab".repeat(32) }];
const SECRET = "k-7d1f0c";
const { publicKey, privateKey } = generateKeyPairSync("ed25519");

let stateDir: string;
let sender: MemorySender;
let denyList: DenyList;
let interceptor: Interceptor;
let server: ReferenceServer;
let proxy: HttpProxy;
const closers: (() => Promise<void>)[] = [];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "tripline-proxy-"));
  sender = new MemorySender();
  denyList = new DenyList({
    tenant: "acme",
    verifier: new EntryVerifier([
      { id: "r", public_key: publicKey.export({ type: "spki", format: "pem" }).toString() },
    ]),
    now: Date.now,
    onWarning: () => undefined,
  });
  denyList.loaded();
  interceptor = createInterceptor({
    tenant: "acme",
    producer: { id: "gw", enforcement: "enforced" },
    stateDir,
    sender,
    redactionKeys: () => KEYS,
    denyList,
  });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await interceptor.close(1_000);
  rmSync(stateDir, { recursive: true, force: true });
});

async function start(startServer: () => Promise<ReferenceServer>): Promise<void> {
  server = await startServer();
  closers.push(() => server.close());
  const keys = [{ id: "bot", sha256: hash("sha256", SECRET, "hex"), principal: "ann@example.com" }];
  proxy = createHttpProxy({
    listen: { port: 0 },
    upstream: server.url,
    server: "reference",
    interceptor,
    access: denyListAccess(denyList, () => KEYS),
    identity: [createApiKeyProvider({ issuer: "acme", headers: ["authorization"], keys })],
  });
  await proxy.start();
  closers.push(() => proxy.stop());
}

function revoke(scope: Revocation["scope"], subject: string): void {
  const entry: Revocation = {
    v: 1,
    id: `r-${scope}`,
    tenant: "acme",
    scope,
    subject,
    state: "active",
    reason: "it was seen in a paste",
    by: "policy",
    decided_at: new Date().toISOString(),
  };
  const signature = sign(null, revocationBytes(entry), privateKey).toString("base64url");
  denyList.entry({ ...entry, key_id: "r", signature } satisfies SignedRevocation);
}

const requestInit = { headers: { authorization: `Bearer ${SECRET}` } };

async function legacyClient(): Promise<Client> {
  const client = new Client({ name: "probe", version: "1.0" });
  closers.push(() => client.close());
  await client.connect(new StreamableHTTPClientTransport(new URL(proxy.url), { requestInit }));
  return client;
}

async function modernClient(): Promise<ModernClient> {
  const client = new ModernClient(
    { name: "probe", version: "2.0" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  closers.push(() => client.close());
  await client.connect(new ModernTransport(new URL(proxy.url), { requestInit }));
  return client;
}

async function records(count: number): Promise<{ tool: string | undefined; outcome: string | undefined }[]> {
  const calls = () => sender.records.filter(({ envelope }) => envelope.type === "call");
  await waitFor(() => calls().length >= count, { what: `${count} call records` });
  return calls().map(({ envelope }) => ({ tool: envelope.target?.tool, outcome: envelope.call?.outcome }));
}

it("with sessions (SDK v1): calls are recorded, then refused; the open stream is closed; no new session begins", async () => {
  await start(startServer2025);
  const client = await legacyClient();
  await client.callTool({ name: "test_simple_text" });
  await client.listTools();
  await records(1);
  const call = sender.records.find(({ envelope }) => envelope.type === "call");
  expect(call?.envelope).toMatchObject({
    actor: { credential: "key:acme/bot", assurance: "verified", client: "probe 1.0" },
    session: { source: "mcp" },
    target: { server: "reference", tool: "test_simple_text", transport: "http" },
    call: { outcome: "ok" },
  });
  await waitFor(() => proxy.stats().open === 1, { what: "the client's GET stream" });

  revoke("credential", "key:acme/bot");
  await waitFor(() => proxy.stats().open === 0, { what: "the GET stream to be closed" });
  await expect(client.callTool({ name: "test_simple_text" })).rejects.toThrow(/403|Refused/);
  await expect(legacyClient()).rejects.toThrow(/403|Refused/);
  expect(await records(2)).toEqual([
    { tool: "test_simple_text", outcome: "ok" },
    { tool: "test_simple_text", outcome: "denied" },
  ]);
  expect(sender.batches.join("")).not.toContain(SECRET);
});

it("without sessions (SDK v2, 2026-07-28): one tool is refused with an error of its own, then the whole principal", async () => {
  await start(startServer2026);
  const client = await modernClient();
  await client.callTool({ name: "test_simple_text" });
  revoke("tool", "reference/test_image_content");
  await expect(client.callTool({ name: "test_image_content" })).rejects.toMatchObject({ code: -31403 });
  await client.callTool({ name: "test_simple_text" });
  const principal = sender.records.find(({ envelope }) => envelope.actor?.principal !== undefined)?.envelope
    .actor?.principal;
  revoke("principal", principal ?? "");
  await expect(client.callTool({ name: "test_simple_text" })).rejects.toThrow(/403|Refused/);
  expect(await records(4)).toEqual([
    { tool: "test_simple_text", outcome: "ok" },
    { tool: "test_image_content", outcome: "denied" },
    { tool: "test_simple_text", outcome: "ok" },
    { tool: "test_simple_text", outcome: "denied" },
  ]);
  const call = sender.records.find(({ envelope }) => envelope.type === "call");
  expect(call?.envelope.actor?.client).toBe("probe 2.0");
});
