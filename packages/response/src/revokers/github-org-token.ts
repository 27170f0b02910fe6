import { z } from "zod";
import type { ProbeResult, RevocationTarget, Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, keyIdOf } from "./credential.ts";
import { type Asked, ask, unexpected } from "./exchange.ts";
import { GITHUB_HEADERS, installationToken } from "./github.ts";
import { address, COMMON, idMap, keyIssuer, type RevokerDeps, revokerKind, secretPlace } from "./kind.ts";

const schema = z.strictObject({
  type: z
    .literal("github_org_token")
    .describe("fine-grained personal access tokens: their access to an organization is revoked by id"),
  ...COMMON,
  issuer: keyIssuer.default("github"),
  url: address.default("https://api.github.com"),
  organization: z.string().regex(/^[A-Za-z0-9-]{1,39}$/, { error: "expected an organization's name" }),
  app_id: z
    .string()
    .regex(/^[A-Za-z0-9.]{1,64}$/)
    .describe("GitHub App, or its client id"),
  installation_id: z
    .string()
    .regex(/^\d{1,20}$/)
    .describe("of the app in the organization"),
  private_key: secretPlace.describe("the app's private key, PEM"),
  ids: idMap.describe("id in key:<issuer>/<id> -> pat_id, where the two differ"),
});

/**
 * Takes the organization's resources away from a fine-grained token, by its id (pat_id). Only an app with the permission
 * "Personal access tokens: write" may. The token itself lives on: it still reads what is public, and other owners' resources.
 */
export const githubOrgToken = revokerKind({
  type: "github_org_token",
  schema,
  create: createGithubOrgToken,
  addresses: ({ url }) => [url],
});

function createGithubOrgToken(settings: z.infer<typeof schema>, deps: RevokerDeps): Revoker {
  const { name, issuer, ids, organization } = settings;
  const url = settings.url.replace(/\/+$/, "");
  const privateKey = () => deps.secret(settings.private_key);
  privateKey(); // a wrong place shows at the start
  const signIn = installationToken({ ...settings, url }, privateKey, deps);

  function patId(target: RevocationTarget): string | undefined {
    const id = keyIdOf(target, issuer) ?? "";
    const mapped = (Object.hasOwn(ids, id) ? ids[id] : undefined) ?? id;
    return /^\d{1,20}$/.test(mapped) ? mapped : undefined;
  }

  async function call(method: string, path: string, signal: AbortSignal, body?: object): Promise<Asked> {
    const token = await signIn(signal);
    if (typeof token !== "string") return token;
    return ask(
      deps.http,
      name,
      `${url}/orgs/${organization}/personal-access-tokens/${path}`,
      () => ({
        method,
        headers: { ...GITHUB_HEADERS, authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      }),
      [404],
    );
  }

  return {
    name,
    probes: true,
    handles: (target) => concerns(settings, target) && keyIdOf(target, issuer) !== undefined,
    async revoke(target, signal): Promise<UpstreamOutcome> {
      const id = patId(target);
      if (id === undefined) {
        return {
          kind: "impossible",
          reason: `${name}: say in ids which pat_id this is, or revoke it in the organization's settings`,
        };
      }
      const asked = await call("POST", id, signal, { action: "revoke" });
      if ("failed" in asked) return asked.failed;
      if (asked.answer.status === 204) return { kind: "done", note: "the organization's resources only" };
      if (asked.answer.status === 404) {
        return {
          kind: "refused",
          reason: `${name}: the organization knows no such token, or it was revoked before: look there`,
        };
      }
      if (asked.answer.status === 422)
        return { kind: "refused", reason: `${name} answered 422: it takes no such id` };
      return unexpected(name, asked.answer);
    },
    async probe(target, signal): Promise<ProbeResult> {
      const id = patId(target);
      if (id === undefined) return "unknown";
      const asked = await call("GET", `${id}/repositories?per_page=1`, signal);
      if ("failed" in asked) return "unknown";
      if (asked.answer.status === 404) return "refused";
      return asked.answer.status === 200 ? "accepted" : "unknown";
    },
  };
}
