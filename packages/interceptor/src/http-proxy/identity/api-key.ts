import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Caller } from "../../interceptor.ts";
import type { ApiKeysConfig } from "./config.ts";
import { bearerToken, type Identification, type IdentityProvider } from "./identity.ts";

/**
 * API keys, known by their SHA-256 only. The key is hashed and looked up, so no comparison takes longer for a better guess.
 * A key that nobody configured is `none`: the server behind may know it.
 */
export function createApiKeyProvider(config: ApiKeysConfig): IdentityProvider {
  const headers = config.headers.map((name) => name.toLowerCase());
  const callers = new Map<string, Caller>(
    config.keys.map((key) => [
      key.sha256,
      Object.freeze({
        credential: `key:${config.issuer}/${key.id}`,
        assurance: "verified",
        principal: key.principal,
        agent: key.agent,
        team: key.team,
        roles: key.roles,
      }),
    ]),
  );
  return {
    headers,
    identify(requestHeaders: IncomingHttpHeaders): Identification {
      for (const name of headers) {
        const key = keyIn(requestHeaders, name);
        const caller = key === null ? undefined : callers.get(hash("sha256", key, "hex"));
        if (caller !== undefined) return { kind: "caller", caller };
      }
      return { kind: "none" };
    },
  };
}

function keyIn(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  if (typeof value !== "string") return null;
  return name === "authorization" ? bearerToken(value) : value.trim();
}
