import { z } from "zod";
import type { HttpAnswer } from "../http/index.ts";
import type { ProbeResult, RevocationTarget, Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, keyIdOf } from "./credential.ts";
import { type Asked, ask, bodyOf, unexpected } from "./exchange.ts";
import {
  address,
  COMMON,
  idMap,
  keyIssuer,
  type RevokerDeps,
  revokerKind,
  secretPlace,
  secretReader,
} from "./kind.ts";

const schema = z.strictObject({
  type: z
    .literal("contextforge")
    .describe("IBM ContextForge: DELETE /tokens/{id}, or as administrator of all tokens"),
  ...COMMON,
  issuer: keyIssuer.default("contextforge"),
  url: address.describe("the gateway, e.g. https://gateway.example.com"),
  email: z
    .string()
    .min(3)
    .max(256)
    .describe("the account to sign in with: ContextForge lets no API token manage tokens"),
  password: secretPlace,
  ids: idMap.describe("id in key:<issuer>/<id> -> ContextForge's token id, where the two differ"),
});

const session = z.object({ access_token: z.string().min(1) });
const token = z.looseObject({ id: z.string(), is_active: z.boolean(), is_revoked: z.boolean().optional() });
const list = z.object({ tokens: z.array(token), total: z.number() });

const SESSION_MS = 10 * 60_000; // half of the 20 minutes that ContextForge gives a session
const PAGE = 50; // tokens of a page: below the 64 KB that are read of an answer
const MAX_PAGES = 200;

/**
 * Revokes an API token by its id, for good. The process that was asked refuses at once; other processes of the same gateway
 * learn of it when their cache (30 s) ends, unless they share a Redis.
 */
export const contextforge = revokerKind({
  type: "contextforge",
  schema,
  create: createContextForge,
  addresses: ({ url }) => [url],
});

function createContextForge(settings: z.infer<typeof schema>, deps: RevokerDeps): Revoker {
  const { name, issuer, ids, email } = settings;
  const url = settings.url.replace(/\/+$/, "");
  const password = secretReader(settings.password, deps);
  let signedIn: { token: string; until: number } | undefined;

  async function signIn(signal: AbortSignal): Promise<string | Asked> {
    if (signedIn !== undefined && deps.now() < signedIn.until) return signedIn.token;
    const asked = await ask(deps.http, name, `${url}/auth/login`, () => ({
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password: password() }),
      signal,
    }));
    if ("failed" in asked) return asked;
    const made = asked.answer.status === 200 ? bodyOf(asked.answer, session) : undefined;
    if (made === undefined) {
      const reason = `${name} answered ${asked.answer.status} to signing in: check email and password`;
      return { failed: { kind: "refused", reason } };
    }
    signedIn = { token: made.access_token, until: deps.now() + SESSION_MS };
    return made.access_token;
  }

  /** Signs in when needed, and once more when the session ended early. */
  async function call(method: string, path: string, signal: AbortSignal, again = true): Promise<Asked> {
    const held = await signIn(signal);
    if (typeof held !== "string") return held;
    const asked = await ask(
      deps.http,
      name,
      `${url}${path}`,
      () => ({ method, headers: { authorization: `Bearer ${held}` }, signal }),
      [401, 404],
    );
    if ("failed" in asked || asked.answer.status !== 401) return asked;
    signedIn = undefined;
    if (again) return call(method, path, signal, false);
    return {
      failed: { kind: "refused", reason: `${name} answered 401 to its own session: check the account` },
    };
  }

  function tokenId(target: RevocationTarget): string {
    const id = keyIdOf(target, issuer) ?? "";
    return (Object.hasOwn(ids, id) ? ids[id] : undefined) ?? id;
  }

  /** What the gateway's own record of the token says; "absent" when it was seen to know none. */
  async function stateOf(
    id: string,
    signal: AbortSignal,
  ): Promise<"active" | "revoked" | "absent" | UpstreamOutcome> {
    const own = await call("GET", `/tokens/${encodeURIComponent(id)}`, signal);
    if ("failed" in own) return own.failed;
    if (own.answer.status !== 404) return stateIn(own.answer);
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const path = `/tokens/admin/all?include_inactive=true&limit=${PAGE}&offset=${page * PAGE}`;
      const all = await call("GET", path, signal);
      if ("failed" in all) return all.failed;
      const found = all.answer.status === 200 ? bodyOf(all.answer, list) : undefined;
      if (found === undefined) return unexpected(name, all.answer);
      const mine = found.tokens.find((one) => one.id === id);
      if (mine !== undefined) return mine.is_active && mine.is_revoked !== true ? "active" : "revoked";
      if ((page + 1) * PAGE >= found.total || found.tokens.length === 0) return "absent";
    }
    return "absent";
  }

  function stateIn(answer: HttpAnswer): "active" | "revoked" | UpstreamOutcome {
    const known = answer.status === 200 ? bodyOf(answer, token) : undefined;
    if (known === undefined) return unexpected(name, answer);
    return known.is_active && known.is_revoked !== true ? "active" : "revoked";
  }

  return {
    name,
    probes: true,
    handles: (target) => concerns(settings, target) && keyIdOf(target, issuer) !== undefined,
    async revoke(target, signal): Promise<UpstreamOutcome> {
      const id = tokenId(target);
      const state = await stateOf(id, signal);
      if (typeof state === "object") return state;
      if (state === "revoked") return { kind: "done", already: true };
      if (state === "absent") return { kind: "refused", reason: `${name} knows no such token: check ids` };
      // The owner's way first, then the administrator's: which of the two the account may use is the gateway's to say.
      for (const path of [`/tokens/${encodeURIComponent(id)}`, `/tokens/admin/${encodeURIComponent(id)}`]) {
        const asked = await call("DELETE", path, signal);
        if ("failed" in asked) return asked.failed;
        if (asked.answer.status === 204) return { kind: "done" };
        // What ContextForge says when somebody else has just revoked it: 409.
        if (asked.answer.status === 409 && (await stateOf(id, signal)) === "revoked") {
          return { kind: "done", already: true };
        }
        if (asked.answer.status !== 404) return unexpected(name, asked.answer);
      }
      return {
        kind: "refused",
        reason: `${name}: the account may not revoke this token; use an administrator's`,
      };
    },
    async probe(target, signal): Promise<ProbeResult> {
      const state = await stateOf(tokenId(target), signal);
      if (state === "revoked") return "refused";
      return state === "active" ? "accepted" : "unknown";
    },
  };
}
