import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectInterceptor } from "@tripline/interceptor";
import {
  createHttpProxy,
  createIdentityProviders,
  denyListAccess,
  parseIdentityConfig,
} from "@tripline/interceptor/http-proxy";
import { type Standalone, startStandalone } from "./standalone.ts";
import { waitFor } from "./wait-for.ts";

const CLOSE_TIMEOUT_MS = 5000;

interface Decision {
  kind: string;
  reason: string;
  via?: string;
}

/** Tripline with revokers, and an interceptor of its own before a server that trusts somebody else's keys. */
export interface GuardedResource {
  tripline: Standalone;
  /** Sends the request through the interceptor. Resolves with the status. */
  through(token: string): Promise<number>;
  /** Sends it past the interceptor, as who stole the key would. */
  past(token: string): Promise<number>;
  /** As a person. Resolves with the revocation's id. */
  revoke(credential: string): Promise<string>;
  reinstate(id: string): Promise<void>;
  /** What was decided about a revocation, once `kind` is among it. */
  decided(id: string, kind: string): Promise<Decision[]>;
  dispose(): Promise<void>;
}

/** @param revokers the entries of response.yaml @param identity the proxy's identity file @param issuer as a producer enrols for it */
export async function guardResource(options: {
  revokers: string;
  identity: unknown;
  issuer: string;
  /** Where the server takes a JSON-RPC request by POST. */
  resource: string;
  env?: Record<string, string>;
}): Promise<GuardedResource> {
  const folder = mkdtempSync(join(tmpdir(), "tripline-issuers-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(
    join(data, "response.yaml"),
    `egress: {allow_internal: [127.0.0.1]}\nrevokers:\n${options.revokers}`,
    { mode: 0o600 },
  );
  const tripline = await startStandalone({
    data,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const post = <T>(path: string, body: object) =>
    tripline.json<T>(path, { method: "POST", body: JSON.stringify(body) });
  const door = await openDoor(tripline, join(folder, "interceptor"), options).catch(async (error) => {
    await tripline.dispose();
    throw error;
  });
  const { pathname } = new URL(options.resource);

  return {
    tripline,
    through: (token) => call(new URL(pathname, door.url).href, token),
    past: (token) => call(options.resource, token),
    revoke: async (subject) => {
      const body = { scope: "credential", subject, reason: "stolen" };
      const { id } = await post<{ id: string }>("/api/revocations", body);
      return id;
    },
    reinstate: async (id) => {
      await post(`/api/revocations/${id}/reinstate`, { reason: "found" });
    },
    decided: (id, kind) =>
      waitFor(
        async () => {
          const decisions = await decisionsOf(tripline, id);
          return decisions.some((decision) => decision.kind === kind) && decisions;
        },
        { timeoutMs: 60_000, what: `${kind} of ${id}` },
      ),
    dispose: async () => {
      await door.close();
      await tripline.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openDoor(
  tripline: Standalone,
  stateDir: string,
  { issuer, resource, identity }: { issuer: string; resource: string; identity: unknown },
): Promise<{ url: string; close(): Promise<void> }> {
  const { key } = await tripline.json<{ key: string }>("/v1/producers", {
    method: "POST",
    body: JSON.stringify({ id: "door", issuers: [issuer] }),
  });
  const interceptor = await connectInterceptor({
    url: tripline.url,
    ingestKey: key,
    stateDir,
    enforcement: "enforced",
  });
  const proxy = createHttpProxy({
    listen: { port: 0 },
    upstream: resource,
    server: "resource",
    interceptor,
    identity: createIdentityProviders(parseIdentityConfig(identity, "test"), () => undefined),
    access: denyListAccess(interceptor.denyList, interceptor.redactionKeys),
  });
  await proxy.start();
  return {
    url: proxy.url,
    close: async () => {
      await proxy.stop();
      await interceptor.close(CLOSE_TIMEOUT_MS);
    },
  };
}

/** A tools/list, as an MCP client of 2026-07-28 may send one. */
async function call(url: string, token: string): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }),
  });
  await response.text();
  return response.status;
}

/** The decisions about a revocation, oldest first, as the console has them. */
async function decisionsOf(tripline: Standalone, id: string): Promise<Decision[]> {
  const { calls } = await tripline.json<{ calls: { id: string }[] }>(
    "/api/calls?type=decision&order=oldest&limit=200",
  );
  const decisions = await Promise.all(
    calls.map(async (row) => {
      const found = await tripline.json<{
        call: { envelope: { decision?: Decision & { revocation_id?: string } } };
      }>(`/api/calls/${row.id}`);
      return found.call.envelope.decision;
    }),
  );
  return decisions.filter((decision) => decision !== undefined).filter((one) => one.revocation_id === id);
}
