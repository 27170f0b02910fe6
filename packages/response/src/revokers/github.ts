import { createPrivateKey, sign } from "node:crypto";
import { TriplineError } from "@tripline/events";
import { z } from "zod";
import type { ProbeResult } from "../revoker.ts";
import { type Asked, ask, bodyOf } from "./exchange.ts";
import type { RevokerDeps } from "./kind.ts";

/** What GitHub's three kinds of revoker share: the headers of its REST API, and signing in as an installed app. */

export const GITHUB_HEADERS = {
  accept: "application/vnd.github+json",
  "x-github-api-version": "2022-11-28",
} as const;

/** Whether GitHub lets a token in: the only proof there is that it is dead, and the token is laid down for us to revoke anyway. */
export async function probeToken(
  settings: { name: string; url: string },
  token: string,
  signal: AbortSignal,
  deps: RevokerDeps,
): Promise<ProbeResult> {
  const headers = { ...GITHUB_HEADERS, authorization: `Bearer ${token}` };
  const request = () => ({ method: "GET", headers, signal });
  const asked = await ask(deps.http, settings.name, `${settings.url}/user`, request, [401]);
  if ("failed" in asked) return "unknown";
  if (asked.answer.status === 401) return "refused";
  return asked.answer.status === 200 ? "accepted" : "unknown";
}

/** All of them: one that is let in is enough for "accepted". Unknown when there are none. */
export async function probeTokens(
  settings: { name: string; url: string },
  tokens: readonly string[],
  signal: AbortSignal,
  deps: RevokerDeps,
): Promise<ProbeResult> {
  for (const token of tokens) {
    const result = await probeToken(settings, token, signal, deps);
    if (result !== "refused") return result;
  }
  return tokens.length === 0 ? "unknown" : "refused";
}

const JWT_SECONDS = 540; // GitHub takes at most ten minutes, and our clock may be ahead
const TOKEN_MS = 50 * 60_000; // an installation's token lives an hour

const made = z.object({ token: z.string().min(1) });

export interface AppSettings {
  name: string;
  url: string;
  app_id: string;
  installation_id: string;
}

/** Signs in as an installation of a GitHub App, and keeps its token for less than its hour. */
export function installationToken(
  { name, url, app_id, installation_id }: AppSettings,
  privateKey: () => string,
  deps: RevokerDeps,
): (signal: AbortSignal) => Promise<string | Asked> {
  let held: { token: string; until: number } | undefined;
  return async (signal) => {
    if (held !== undefined && deps.now() < held.until) return held.token;
    const path = `/app/installations/${encodeURIComponent(installation_id)}/access_tokens`;
    const asked = await ask(deps.http, name, `${url}${path}`, () => ({
      method: "POST",
      headers: { ...GITHUB_HEADERS, authorization: `Bearer ${appJwt(app_id, privateKey(), deps.now())}` },
      signal,
    }));
    if ("failed" in asked) return asked;
    const token = asked.answer.status === 201 ? bodyOf(asked.answer, made)?.token : undefined;
    if (token === undefined) {
      const reason = `${name} answered ${asked.answer.status} to signing in as app ${app_id}: check its settings`;
      return { failed: { kind: "refused", reason } };
    }
    held = { token, until: deps.now() + TOKEN_MS };
    return token;
  };
}

/** The JWT that an app signs in with. @throws TriplineError when the key can't be used */
function appJwt(appId: string, pem: string, nowMs: number): string {
  const now = Math.floor(nowMs / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: now - 60, exp: now + JWT_SECONDS - 60, iss: appId })}`;
  try {
    return `${text}.${sign("RSA-SHA256", Buffer.from(text), createPrivateKey(pem)).toString("base64url")}`;
  } catch {
    // The parser's own words may quote the key.
    throw new TriplineError("TRIPLINE_SECRET_UNREADABLE", "private_key is not an RSA key in PEM");
  }
}
