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
  type: z.literal("unkey").describe("Unkey, API v2: a key is disabled, and enabled again"),
  ...COMMON,
  issuer: keyIssuer.default("unkey"),
  url: address.default("https://api.unkey.com"),
  root_key: secretPlace.describe("a root key that may read and update keys of the API"),
  ids: idMap.describe("id in key:<issuer>/<id> -> Unkey's keyId (key_…), where the two differ"),
});

const keyAnswer = z.object({ data: z.looseObject({ enabled: z.boolean() }) });

/**
 * Disables a key by its id. What is asked back is Unkey's own record of the key; its edges may answer from a cache for some
 * seconds longer.
 */
export const unkey = revokerKind({
  type: "unkey",
  schema,
  create: createUnkey,
  addresses: ({ url }) => [url],
});

function createUnkey(settings: z.infer<typeof schema>, deps: RevokerDeps): Revoker {
  const { name, issuer, ids } = settings;
  const url = settings.url.replace(/\/+$/, "");
  const rootKey = secretReader(settings.root_key, deps);

  function keyId(target: RevocationTarget): string {
    const id = keyIdOf(target, issuer) ?? "";
    return (Object.hasOwn(ids, id) ? ids[id] : undefined) ?? id;
  }

  function call(procedure: string, body: object, signal: AbortSignal) {
    return ask(
      deps.http,
      name,
      `${url}/v2/${procedure}`,
      () => ({
        method: "POST",
        headers: { authorization: `Bearer ${rootKey()}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal,
      }),
      [404],
    );
  }

  async function isEnabled(
    target: RevocationTarget,
    signal: AbortSignal,
  ): Promise<boolean | UpstreamOutcome> {
    const asked = await call("keys.getKey", { keyId: keyId(target) }, signal);
    if ("failed" in asked) return asked.failed;
    const { answer } = asked;
    // A deleted key and one of another workspace look the same, so this proves nothing about the key that was meant.
    if (answer.status === 404) return { kind: "refused", reason: `${name} knows no such key: check ids` };
    const known = answer.status === 200 ? bodyOf(answer, keyAnswer) : undefined;
    return known === undefined ? unexpected(name, answer) : known.data.enabled;
  }

  async function set(
    target: RevocationTarget,
    enabled: boolean,
    signal: AbortSignal,
  ): Promise<UpstreamOutcome> {
    const before = await isEnabled(target, signal);
    if (typeof before === "object") return before;
    if (before === enabled) return { kind: "done", already: true };
    const asked = await call("keys.updateKey", { keyId: keyId(target), enabled }, signal);
    if ("failed" in asked) return asked.failed;
    return asked.answer.status === 200 ? { kind: "done" } : unexpected(name, asked.answer);
  }

  return {
    name,
    probes: true,
    handles: (target) => concerns(settings, target) && keyIdOf(target, issuer) !== undefined,
    revoke: (target, signal) => set(target, false, signal),
    reinstate: (target, signal) => set(target, true, signal),
    async probe(target, signal): Promise<ProbeResult> {
      const enabled = await isEnabled(target, signal);
      if (typeof enabled === "object") return "unknown";
      return enabled ? "accepted" : "refused";
    },
  };
}
