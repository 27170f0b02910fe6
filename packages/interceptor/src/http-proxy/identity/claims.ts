import type { JWTPayload } from "jose";
import type { Caller } from "../../interceptor.ts";
import { isObject } from "../../mcp/json-rpc.ts";
import type { JwtConfig } from "./config.ts";
import { grantId } from "./credential.ts";

const MAX_NAME_CHARS = 256; // as the record allows
const MAX_ROLES = 64;
const MAX_DELEGATION = 16;

/**
 * Who a verified token speaks for, or null when it names nobody.
 * The principal is the subject, unless the subject is the client itself (client credentials): then nobody delegated. The
 * agent is the configured claim, else the outermost actor (RFC 8693, `act`), else the client. Delegation: actors from
 * the current one back to the first.
 */
export function callerOf(claims: JWTPayload, config: JwtConfig): Caller | null {
  const client = firstText(claims, config.client_claims);
  const subject = text(claims.sub) ?? client;
  if (subject === undefined) return null;
  const actors = actorsOf(claims.act);
  const onOwnBehalf = client !== undefined && subject === client;
  const roles = config.roles_claims.map((path) => names(at(claims, path))).find((found) => found.length > 0);
  return Object.freeze({
    credential: grantId(config.issuer, client ?? "-", subject, text(claims.sid)),
    assurance: "verified",
    tokenId: text(claims.jti),
    principal: onOwnBehalf ? undefined : firstText(claims, config.principal_claims),
    agent: firstText(claims, config.agent_claims) ?? actors[0] ?? client,
    team: firstText(claims, config.team_claims),
    roles,
    delegation: actors.length > 0 ? actors : undefined,
  });
}

function actorsOf(act: unknown): string[] {
  const actors: string[] = [];
  let actor = act;
  while (isObject(actor) && actors.length < MAX_DELEGATION) {
    const name = text(actor.sub) ?? text(actor.client_id);
    if (name !== undefined) actors.push(name);
    actor = actor.act;
  }
  return actors;
}

function firstText(claims: JWTPayload, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = text(at(claims, path));
    if (found !== undefined) return found;
  }
  return undefined;
}

function at(claims: JWTPayload, path: string): unknown {
  let value: unknown = claims;
  for (const key of path.split("."))
    value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** Claims are the issuer's words, and their text may come from users: only printable, only as long as a record takes. */
function text(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const printable = value.replace(/\p{Cc}/gu, "").slice(0, MAX_NAME_CHARS);
  return printable === "" ? undefined : printable;
}

function names(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : typeof value === "string" ? value.split(" ") : [];
  return list
    .map(text)
    .filter((name) => name !== undefined)
    .slice(0, MAX_ROLES);
}
