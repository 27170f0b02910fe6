import { hash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Envelope, REVOCATION_SCOPES, type RevocationScope } from "@tripline/events";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import {
  createApiKeyProvider,
  createFileKeySet,
  createHttpProxy,
  createJwtProvider,
  denyListAccess,
  type IdentityProvider,
  jwtSchema,
} from "../src/http-proxy/index.ts";
import { answerJson, callBody, startUpstream, TEXT_RESULT } from "../src/http-proxy/testing/upstream.ts";
import { CallRefusedError, wrapTool } from "../src/in-process/wrap-tool.ts";
import { McpTap } from "../src/mcp/mcp-tap.ts";
import { ClientSide } from "../src/stdio/client-side.ts";
import { Harness } from "./support/harness.ts";

/** Each scope of a revocation, through each kind of interceptor: the same entry, the same answer. */

const SERVER = "files";
const TOOL = "remove";
const API_KEY = "k-3f1c6f0a9d";
const REDACTION_KEYS = [{ id: "test", key: "ab".repeat(32) }]; // the harness's
const WHO = { principal: "ann@example.com", agent: "helper" };

/** Makes the call once more; false when it is refused. */
type MakeCall = () => Promise<boolean>;

let harness: Harness;
const closers: (() => Promise<void>)[] = [];
beforeEach(() => {
  harness = new Harness();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await harness.close();
});

async function httpProxy(identity: IdentityProvider): Promise<string> {
  const upstream = await startUpstream((_request, response, body) => answerJson(response, body, TEXT_RESULT));
  const proxy = createHttpProxy({
    listen: { port: 0 },
    upstream: upstream.url,
    server: SERVER,
    interceptor: harness.interceptor,
    access: denyListAccess(harness.denyList, () => REDACTION_KEYS),
    identity: [identity],
    onWarning: () => undefined,
  });
  await proxy.start();
  closers.push(
    () => upstream.close(),
    () => proxy.stop(),
  );
  return proxy.url;
}

async function callOverHttp(url: string, headers: Record<string, string>): Promise<boolean> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: callBody(TOOL),
  });
  const body = JSON.stringify(await response.json());
  expect(response.status === 200 || response.status === 403).toBe(true);
  return !body.includes("-31403");
}

const KINDS: Record<string, () => Promise<MakeCall>> = {
  "an HTTP proxy": async () => {
    const keys = [{ id: "bot", sha256: hash("sha256", API_KEY, "hex"), ...WHO }];
    const url = await httpProxy(createApiKeyProvider({ issuer: "acme", headers: ["x-api-key"], keys }));
    return () => callOverHttp(url, { "x-api-key": API_KEY, "mcp-session-id": "s-1" });
  },
  "a stdio proxy": async () => {
    const forwarded: string[] = [];
    const answers: string[] = [];
    const side = new ClientSide({
      tap: new McpTap({
        interceptor: harness.interceptor,
        server: SERVER,
        transport: "stdio",
        caller: { credential: "local:demo", assurance: "asserted", ...WHO },
      }),
      mayRefuse: () => harness.interceptor.mayRefuse(),
      forward: (pieces) => forwarded.push(Buffer.concat(pieces).toString()),
      answer: (text) => answers.push(text),
      onUnread: () => undefined,
    });
    let id = 0;
    return async () => {
      id += 1;
      side.push(Buffer.from(`${callBody(TOOL, {}, id)}\n`));
      const refused = answers.some((text) => JSON.parse(text).id === id);
      expect(forwarded.some((text) => JSON.parse(text).id === id)).toBe(!refused);
      return !refused;
    };
  },
  "a wrapped function": async () => {
    let ran = 0;
    const remove = wrapTool(
      TOOL,
      async () => {
        ran += 1;
      },
      {
        interceptor: harness.interceptor,
        server: SERVER,
        caller: { credential: "local:demo", assurance: "asserted", ...WHO },
      },
    );
    return async () => {
      const before = ran;
      const refused = await remove().then(
        () => false,
        (error: unknown) => error instanceof CallRefusedError,
      );
      expect(ran - before).toBe(refused ? 0 : 1);
      return !refused;
    };
  },
};

/** What a revocation of this scope names, for a call as it is recorded. */
function subjectOf(scope: RevocationScope, { actor, session, target }: Envelope): string {
  const subject = {
    credential: actor?.credential,
    session: session?.id,
    agent: actor?.agent,
    principal: actor?.principal,
    tool: `${target?.server}/${target?.tool}`,
    server: target?.server,
  }[scope];
  if (subject === undefined) throw new Error(`the record names no ${scope}`);
  return subject;
}

async function firstIntent(): Promise<Envelope> {
  return waitFor(
    () => harness.sender.records.find(({ envelope }) => envelope.type === "call.intent")?.envelope ?? null,
  );
}

describe.each(Object.entries(KINDS))("%s", (_kind, open) => {
  it.each(REVOCATION_SCOPES)(
    "refuses what a record names as its %s, until that very entry is lifted",
    async (scope) => {
      const call = await open();
      expect(await call()).toBe(true);
      const subject = subjectOf(scope, await firstIntent());

      harness.denyList.entry(harness.responder.sign({ id: "other", scope, subject: `${subject}-2` }));
      expect(await call()).toBe(true);
      harness.denyList.entry(harness.responder.sign({ id: "first", scope, subject }));
      harness.denyList.entry(harness.responder.sign({ id: "second", scope, subject }));
      expect(await call()).toBe(false);
      harness.denyList.entry(harness.responder.sign({ id: "first", scope, subject, state: "reinstated" }));
      expect(await call()).toBe(false);
      harness.denyList.entry(harness.responder.sign({ id: "second", scope, subject, state: "reinstated" }));
      expect(await call()).toBe(true);
      // A replay of what was lifted brings nothing back.
      harness.denyList.entry(harness.responder.sign({ id: "first", scope, subject }));
      expect(await call()).toBe(true);
      await waitFor(() => harness.outcomes.filter((outcome) => outcome === "denied").length === 2);
    },
  );
});

it("a refused grant stays refused when its token is refreshed; another user's grant does not", async () => {
  const issuer = "https://idp.example/realms/acme";
  const keys = await generateKeyPair("ES256");
  const directory = mkdtempSync(join(tmpdir(), "tripline-grant-"));
  closers.push(async () => rmSync(directory, { recursive: true }));
  const file = join(directory, "jwks.json");
  writeFileSync(
    file,
    JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "ES256" }] }),
  );
  const config = jwtSchema.parse({ issuer, audience: "mcp", jwks_file: file });
  const provider = createJwtProvider(config, createFileKeySet(file));
  await provider.start?.();
  const url = await httpProxy(provider);
  const token = (sub: string, jti: string) =>
    new SignJWT({ iss: issuer, aud: "mcp", sub, azp: "cli", jti })
      .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "at+jwt" })
      .setExpirationTime("5m")
      .sign(keys.privateKey);
  const call = async (sub: string, jti: string) =>
    callOverHttp(url, { authorization: `Bearer ${await token(sub, jti)}` });

  expect(await call("u-1", "t-1")).toBe(true);
  const { actor } = await firstIntent();
  expect(actor).toMatchObject({
    credential: `grant:${issuer}/cli/u-1`,
    token_id: "t-1",
    assurance: "verified",
  });
  harness.denyList.entry(
    harness.responder.sign({ id: "r", scope: "credential", subject: actor?.credential ?? "" }),
  );
  expect(await call("u-1", "t-1")).toBe(false);
  expect(await call("u-1", "t-2-after-a-refresh")).toBe(false);
  expect(await call("u-2", "t-3")).toBe(true);
});
