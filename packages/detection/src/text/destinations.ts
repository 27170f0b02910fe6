import { fnv1a } from "./hashing.ts";

/** Mail addresses, URLs and account numbers in a text: what an act can be aimed at. */
export interface Destination {
  kind: "email" | "url" | "account";
  /** Normalised: lower case, no scheme, no `www.`, no trailing slash. */
  value: string;
  /** Host of a URL, domain of an address, empty for an account. */
  host: string;
  hash: number;
}

const BEFORE_AT = /[\w.+-]{1,64}$/;
const BEHIND_AT = /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/;
const MAX_LOCAL_CHARS = 64;
const MAX_DOMAIN_CHARS = 255;
const URL_TEXT =
  /(?:\b[a-z][a-z0-9+.-]{1,9}:\/\/|\bwww\.)(?:\[[0-9a-f:.]{2,45}\][^\s'"<>)\]}⟨⟩\\]{0,2000}|[^\s'"<>)[\]}⟨⟩\\]{3,2000})/gi;
const ACCOUNT = /\b[A-Z]{2}\d{2}[A-Z0-9]{10,30}\b|\b0x[0-9a-fA-F]{20,64}\b|\bbc1[a-z0-9]{20,60}\b/g;
const HAS_ACCOUNT = /[A-Z]{2}\d{2}[A-Z0-9]{10}|0x[0-9a-fA-F]{20}|bc1[a-z0-9]{20}/;

const MAX_DESTINATIONS = 64; // of one text

export function destinationsIn(text: string): Destination[] {
  const found: Destination[] = [];
  for (let at = text.indexOf("@"); at > 0; at = text.indexOf("@", at + 1)) {
    const local = BEFORE_AT.exec(text.slice(Math.max(0, at - MAX_LOCAL_CHARS), at))?.[0];
    const domain = BEHIND_AT.exec(text.slice(at + 1, at + 1 + MAX_DOMAIN_CHARS))?.[0];
    if (local !== undefined && domain !== undefined) add(`${local}@${domain}`, "email", found);
    if (found.length >= MAX_DESTINATIONS) return found;
  }
  if (text.includes("://") || text.includes("www.")) collect(text, URL_TEXT, "url", found);
  if (mayHoldAccount(text)) collect(text, ACCOUNT, "account", found);
  return found;
}

/** A cheap look before a text is taken apart: false when it names no destination. */
export function mayNameDestinations(text: string): boolean {
  return text.includes("@") || text.includes("://") || text.includes("www.") || mayHoldAccount(text);
}

function mayHoldAccount(text: string): boolean {
  return text.length >= 14 && HAS_ACCOUNT.test(text);
}

function collect(text: string, pattern: RegExp, kind: Destination["kind"], into: Destination[]): void {
  for (const match of text.matchAll(pattern)) {
    if (into.length >= MAX_DESTINATIONS) return;
    add(match[0], kind, into);
  }
}

function add(text: string, kind: Destination["kind"], into: Destination[]): void {
  const value = normalise(text, kind);
  const host = kind === "url" ? hostOf(value) : kind === "email" ? value.slice(value.indexOf("@") + 1) : "";
  if (kind === "url" && host === "") return;
  into.push({ kind, value, host, hash: fnv1a(value) });
}

function normalise(text: string, kind: Destination["kind"]): string {
  const lower = text.toLowerCase();
  return kind === "url"
    ? lower
        .replace(/^[a-z0-9+.-]+:\/\//, "")
        .replace(/^www\./, "")
        .replace(/[/.,;:!?]+$/, "")
    : lower;
}

function hostOf(url: string): string {
  const authority = url.split(/[/?#]/, 1)[0] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : host.replace(/:\d*$/, "");
}

const LOCAL =
  /^(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+|\[::1\]|[^.]+|.*\.(?:local|localhost|internal|lan|test))$/;

/** False for this machine, private networks, and hosts the operator calls internal (a name covers its subdomains). */
export function leavesTheMachine(destination: Destination, internalHosts: readonly string[]): boolean {
  const { host } = destination;
  if (host === "") return true;
  if (destination.kind === "url" && LOCAL.test(host)) return false;
  return !internalHosts.some((internal) => host === internal || host.endsWith(`.${internal}`));
}
