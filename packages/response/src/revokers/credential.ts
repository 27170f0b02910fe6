import { hash } from "node:crypto";
import type { RevocationTarget } from "../revoker.ts";

/** The parts of `grant:issuer/client/subject[/sid]`, as the token had them. */
export interface Grant {
  client: string;
  subject: string;
  sid: string | undefined;
}

/** Whether the settings are for the target's tenant, and the target a credential. */
export function concerns(settings: { tenants?: string[] | undefined }, target: RevocationTarget): boolean {
  return (
    target.scope === "credential" &&
    (settings.tenants === undefined || settings.tenants.includes(target.tenant))
  );
}

/** The id of a key of this issuer, `key:issuer/id`; undefined for every other target. */
export function keyIdOf(target: RevocationTarget, issuer: string): string | undefined {
  const prefix = `key:${issuer}/`;
  if (target.scope !== "credential" || !target.subject.startsWith(prefix)) return undefined;
  const id = target.subject.slice(prefix.length);
  return id === "" ? undefined : id;
}

/** Whether the target is a grant of this issuer, also one whose parts were too long to be kept. */
export function isGrantOf(target: RevocationTarget, issuer: string): boolean {
  return target.scope === "credential" && target.subject.startsWith(`grant:${issuer}/`);
}

/**
 * The grant behind a target. An issuer is an address with slashes, so the parts can be told apart only by who knows it.
 * Undefined for other issuers, and for a grant of which only a hash was kept (`grant:issuer/~/hash`).
 */
export function grantOf(target: RevocationTarget, issuer: string): Grant | undefined {
  if (!isGrantOf(target, issuer)) return undefined;
  const parts = target.subject.slice(`grant:${issuer}/`.length).split("/").map(decoded);
  const [client, subject, sid] = parts;
  if (parts.length > 3 || client === undefined || subject === undefined || client === "~") return undefined;
  return { client, subject, sid };
}

/** How a file with a credential's tokens is named: the SHA-256 of its id in hex, as `printf %s "$ID" | sha256sum` gives it. */
export function tokenFileName(credential: string): string {
  return hash("sha256", credential, "hex");
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part; // written by somebody else than the interceptor: taken as it stands
    throw error;
  }
}
