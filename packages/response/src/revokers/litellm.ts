import { z } from "zod";
import type { ProbeResult, RevocationTarget, Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, keyIdOf } from "./credential.ts";
import { ask, bodyOf, unexpected } from "./exchange.ts";
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
  type: z.literal("litellm").describe("LiteLLM proxy: POST /key/block, undone by /key/unblock"),
  ...COMMON,
  issuer: keyIssuer.default("litellm"),
  url: address.describe("the proxy, e.g. https://litellm.example.com"),
  admin_key: secretPlace.describe("the master key, or a key that may manage keys"),
  ids: idMap.describe(
    "id in key:<issuer>/<id> -> LiteLLM's token: the SHA-256 (hex) of the key, where the id is not that itself",
  ),
});

const info = z.object({ info: z.looseObject({ blocked: z.boolean().nullish() }) });

/**
 * Blocks a virtual key. LiteLLM knows a key by its SHA-256, which is what an interceptor's identity file holds too, so no secret is
 * needed. The proxy asked refuses at once; others on the same database go on for their cache's time (60 s unless Redis tells them).
 */
export const litellm = revokerKind({
  type: "litellm",
  schema,
  create: createLiteLlm,
  addresses: ({ url }) => [url],
});

function createLiteLlm(settings: z.infer<typeof schema>, deps: RevokerDeps): Revoker {
  const { name, issuer, ids } = settings;
  const url = settings.url.replace(/\/+$/, "");
  const key = secretReader(settings.admin_key, deps);

  function tokenOf(target: RevocationTarget): string | undefined {
    const id = keyIdOf(target, issuer);
    const token = id !== undefined && Object.hasOwn(ids, id) ? ids[id] : id;
    return token !== undefined && /^[0-9a-f]{64}$/.test(token) ? token : undefined;
  }

  function request(method: string, path: string, signal: AbortSignal, body?: object) {
    return ask(
      deps.http,
      name,
      `${url}${path}`,
      () => ({
        method,
        headers: { authorization: `Bearer ${key()}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      }),
      [404],
    );
  }

  /** Undefined where LiteLLM's answer does not tell. */
  async function isBlocked(
    token: string,
    signal: AbortSignal,
  ): Promise<boolean | undefined | UpstreamOutcome> {
    const asked = await request("GET", `/key/info?key=${token}`, signal);
    if ("failed" in asked) return asked.failed;
    const { answer } = asked;
    if (answer.status === 404) return { kind: "refused", reason: `${name} knows no such key: check ids` };
    if (answer.status !== 200) return unexpected(name, answer);
    const known = bodyOf(answer, info);
    return known === undefined ? undefined : known.info.blocked === true;
  }

  async function set(
    target: RevocationTarget,
    blocked: boolean,
    signal: AbortSignal,
  ): Promise<UpstreamOutcome> {
    const token = tokenOf(target);
    if (token === undefined) {
      const reason = `${name}: LiteLLM knows keys by their SHA-256; say in ids which one this is, or block it by hand`;
      return { kind: "impossible", reason };
    }
    const before = await isBlocked(token, signal);
    if (typeof before === "object") return before;
    if (before === blocked) return { kind: "done", already: true };
    const asked = await request("POST", blocked ? "/key/block" : "/key/unblock", signal, { key: token });
    if ("failed" in asked) return asked.failed;
    return asked.answer.status === 200 ? { kind: "done" } : unexpected(name, asked.answer);
  }

  return {
    name,
    probes: true,
    handles: (target) => concerns(settings, target) && keyIdOf(target, issuer) !== undefined,
    revoke: (target, signal) => set(target, true, signal),
    reinstate: (target, signal) => set(target, false, signal),
    async probe(target, signal): Promise<ProbeResult> {
      const token = tokenOf(target);
      if (token === undefined) return "unknown";
      const blocked = await isBlocked(token, signal);
      if (typeof blocked !== "boolean") return "unknown";
      return blocked ? "refused" : "accepted";
    },
  };
}
