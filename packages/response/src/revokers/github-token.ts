import { z } from "zod";
import type { Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, keyIdOf } from "./credential.ts";
import { ask, unexpected } from "./exchange.ts";
import { foundTokens, noToken, tokensSchema } from "./found-tokens.ts";
import { GITHUB_HEADERS, probeTokens } from "./github.ts";
import { address, COMMON, keyIssuer, type RevokerDeps, revokerKind } from "./kind.ts";

const schema = z.strictObject({
  type: z
    .literal("github_token")
    .describe("any GitHub token that somebody lays down: POST /credentials/revoke"),
  ...COMMON,
  issuer: keyIssuer.default("github"),
  url: address.default("https://api.github.com"),
  tokens: tokensSchema,
});

/**
 * GitHub's API for exposed credentials: takes the token itself, from anybody, without authentication (60 requests an hour); its
 * owner hears of it, and nothing revives it. Probed by using the token for `GET /user`.
 */
export const githubToken = revokerKind({
  type: "github_token",
  schema,
  create: createGithubToken,
  addresses: ({ url }) => [url],
});

function createGithubToken(settings: z.infer<typeof schema>, deps: RevokerDeps): Revoker {
  const { name, issuer, tokens } = settings;
  const url = settings.url.replace(/\/+$/, "");
  return {
    name,
    probes: true,
    handles: (target) => concerns(settings, target) && keyIdOf(target, issuer) !== undefined,
    async revoke(target, signal): Promise<UpstreamOutcome> {
      const credentials = foundTokens(tokens, target.subject, deps);
      if (credentials.length === 0) return noToken(name, target.subject);
      const asked = await ask(deps.http, name, `${url}/credentials/revoke`, () => ({
        method: "POST",
        headers: { ...GITHUB_HEADERS, "content-type": "application/json" },
        body: JSON.stringify({ credentials }),
        signal,
      }));
      if ("failed" in asked) return asked.failed;
      if (asked.answer.status === 202) return { kind: "done", note: "GitHub has taken it and works on it" };
      if (asked.answer.status === 422) {
        return {
          kind: "refused",
          reason: `${name} says that this is no token it can revoke, or that it was asked too often`,
        };
      }
      return unexpected(name, asked.answer);
    },
    probe: (target, signal) =>
      probeTokens({ name, url }, foundTokens(tokens, target.subject, deps), signal, deps),
  };
}
