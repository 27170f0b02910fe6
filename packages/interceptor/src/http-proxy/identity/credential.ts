import { hash } from "node:crypto";
import { MAX_CREDENTIAL_CHARS } from "@tripline/events";

/**
 * The id of an OAuth grant: `grant:issuer/client/subject[/sid]`. Slashes, percent signs, spaces and control characters in
 * the parts behind the issuer are percent-encoded, so that no subject can look like another grant.
 * Too long for a record: client, subject and sid are replaced by a hash, which is as stable.
 */
export function grantId(issuer: string, client: string, subject: string, sid?: string): string {
  const parts = sid === undefined ? [client, subject] : [client, subject, sid];
  const id = `grant:${issuer}/${parts.map(encodePart).join("/")}`;
  if (id.length <= MAX_CREDENTIAL_CHARS) return id;
  return `grant:${issuer}/~/${hash("sha256", parts.map(encodePart).join("/"), "hex")}`;
}

const UNSAFE = /[\p{Cc}\p{Cs}\s/%]/gu;

function encodePart(part: string): string {
  return part.replace(UNSAFE, (char) => encodeURIComponent(char.toWellFormed()));
}
