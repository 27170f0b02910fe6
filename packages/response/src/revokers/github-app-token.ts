import { z } from "zod";
import type { Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, isGrantOf, keyIdOf } from "./credential.ts";
import { ask, unexpected } from "./exchange.ts";
import { foundTokens, noToken, tokensSchema } from "./found-tokens.ts";
import { GITHUB_HEADERS, probeToken, probeTokens } from "./github.ts";
import {
  address,
  COMMON,
  keyIssuer,
  type RevokerDeps,
  revokerKind,
  secretPlace,
  secretReader,
} from "./kind.ts";
import { basic } from "./oauth.ts";

const schema = z.strictObject({
  type: z
    .literal("github_app_token")
    .describe(
      "user tokens of your own OAuth or GitHub App: DELETE /applications/{client_id}/token or /grant",
    ),
  ...COMMON,
  issuer: keyIssuer.default("github").describe("of key:<issuer>/<id>, and of grant:<issuer>/…"),
  url: address.default("https://api.github.com"),
  client_id: z.string().regex(/^[A-Za-z0-9.]{1,64}$/),
  client_secret: secretPlace,
  ends: z
    .enum(["token", "grant"])
    .default("grant")
    .describe("grant: all tokens of this user for the app, so that a refreshed one is dead too"),
  tokens: tokensSchema,
});

/** Ends a user's tokens of an app, for the app's owner. Probed by using the token for `GET /user`. */
export const githubAppToken = revokerKind({
  type: "github_app_token",
  schema,
  create: createGithubAppToken,
  addresses: ({ url }) => [url],
});

function createGithubAppToken(settings: z.infer<typeof schema>, deps: RevokerDeps): Revoker {
  const { name, issuer, tokens, client_id, ends } = settings;
  const url = settings.url.replace(/\/+$/, "");
  const application = `${url}/applications/${client_id}`;
  const secret = secretReader(settings.client_secret, deps);

  function call(method: string, what: "token" | "grant", token: string, signal: AbortSignal) {
    const request = () => ({
      method,
      headers: {
        ...GITHUB_HEADERS,
        authorization: basic(client_id, secret()),
        "content-type": "application/json",
      },
      body: JSON.stringify({ access_token: token }),
      signal,
    });
    return ask(deps.http, name, `${application}/${what}`, request, [404, 422]);
  }

  return {
    name,
    probes: true,
    handles: (target) =>
      concerns(settings, target) && (keyIdOf(target, issuer) !== undefined || isGrantOf(target, issuer)),
    async revoke(target, signal): Promise<UpstreamOutcome> {
      const found = foundTokens(tokens, target.subject, deps);
      if (found.length === 0) return noToken(name, target.subject);
      let already = true;
      for (const token of found) {
        const asked = await call("DELETE", ends, token, signal);
        if ("failed" in asked) return asked.failed;
        if (asked.answer.status === 204) already = false;
        // What GitHub says of a token that is dead, and of one that never was this app's.
        else if (![404, 422].includes(asked.answer.status)) return unexpected(name, asked.answer);
        else if ((await probeToken({ name, url }, token, signal, deps)) !== "refused") {
          return { kind: "refused", reason: `${name} does not revoke this token: it may be another app's` };
        }
      }
      return already ? { kind: "done", already } : { kind: "done" };
    },
    probe: (target, signal) =>
      probeTokens({ name, url }, foundTokens(tokens, target.subject, deps), signal, deps),
  };
}
