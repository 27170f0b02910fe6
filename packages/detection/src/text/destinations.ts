import { hardValuesIn, hostOf } from "./values.ts";

/** Mail addresses, URLs and account numbers in a text: what an act can be aimed at. */
export interface Destination {
  kind: "email" | "url" | "account";
  /** Normalised, as `TextValue.text`. */
  value: string;
  /** Host of a URL, domain of an address, empty for an account. */
  host: string;
  hash: number;
}

const MAX_DESTINATIONS = 64; // of one text
const PLAIN_NUMBER = /^\+?\d+$/; // an order or a phone number: says too little of where something goes

export function destinationsIn(text: string): Destination[] {
  if (!mayNameDestinations(text)) return [];
  const found: Destination[] = [];
  for (const { kind, text: value, hash } of hardValuesIn(text)) {
    if (found.length >= MAX_DESTINATIONS) break;
    if (kind === "account" && PLAIN_NUMBER.test(value)) continue;
    if (kind === "url") found.push({ kind, value, host: hostOf(value), hash });
    else if (kind === "email") found.push({ kind, value, host: value.slice(value.indexOf("@") + 1), hash });
    else if (kind === "account") found.push({ kind, value, host: "", hash });
  }
  return found;
}

const HINT =
  /@|:\/\/|www\.|＠|．|[A-Za-z]{2}\d{2}[ A-Za-z0-9]{10}|0x[0-9a-fA-F]{20}|bc1[a-z0-9]{20}|[a-z0-9\u0080-\uffff-]\.[a-z]{2}|\[\.\]|\bdot\b/i;

/** A cheap look before a text is taken apart: false when it names no destination. */
export function mayNameDestinations(text: string): boolean {
  return HINT.test(text);
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
