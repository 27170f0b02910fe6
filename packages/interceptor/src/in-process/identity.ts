import type { Caller } from "../interceptor.ts";
import { isObject } from "../mcp/json-rpc.ts";

/**
 * What the SDK verified of a caller, from `extra.authInfo`: an OAuth client, and the subject and issuer where the
 * verifier passed them on in `extra`. A token itself is never read.
 */
export function callerOf(extra: unknown): Caller | null {
  const authInfo = isObject(extra) && isObject(extra.authInfo) ? extra.authInfo : null;
  if (authInfo === null || typeof authInfo.clientId !== "string") return null;
  const known = KNOWN.get(authInfo);
  if (known !== undefined) return known;
  const claims = isObject(authInfo.extra) ? authInfo.extra : {};
  const subject = text(claims.sub) ?? text(claims.subject);
  const issuer = text(claims.iss) ?? text(claims.issuer) ?? "unnamed";
  const caller: Caller = {
    credential: `grant:${part(issuer)}/${part(authInfo.clientId)}/${part(subject ?? authInfo.clientId)}`,
    assurance: "verified",
    tokenId: text(claims.jti),
    principal: subject,
    client: authInfo.clientId,
  };
  KNOWN.set(authInfo, caller);
  return caller;
}

const KNOWN = new WeakMap<object, Caller>();

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Parts of a credential id hold no blanks. */
function part(value: string): string {
  return value.replace(/\s/g, "_");
}

/** The MCP session: the transport's own, else the header of this request. */
export function sessionIdOf(transport: object, extra: Readonly<Record<string, unknown>>): string | undefined {
  const own: unknown = Reflect.get(transport, "sessionId");
  if (typeof own === "string" && own !== "") return own;
  const headers = isObject(extra.requestInfo) ? extra.requestInfo.headers : undefined;
  const header = isObject(headers) ? headers["mcp-session-id"] : undefined;
  return text(header);
}
