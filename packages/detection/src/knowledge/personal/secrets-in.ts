import { createRedactor } from "@tripline/events";
import type { Argument } from "../../record/arguments.ts";
import { hasLongRun } from "../../text/decoded.ts";
import { kindOfToken, redactionTokensIn } from "../../text/features.ts";
import { PERSONAL_KINDS } from "./personal-kinds.ts";

const MAX_CHARS = 64 * 1024; // of one text
const MAX_DECODED_CHARS = 16 * 1024; // of one text, in which encoded pieces are looked for
const MAX_RUNS = 32; // encoded pieces of one text that are decoded
const MIN_RUN_CHARS = 24; // shorter pieces hold no secret that its form gives away
const RUN = /[A-Za-z0-9+/_-]{24,8192}={0,2}|(?:%[0-9A-Fa-f]{2}){8,2000}/g;
const HEX = /^(?:[0-9a-fA-F]{2})+$/;
const READABLE = /^[\t\n\r\x20-\x7e]{12,}$/;
/** Its tokens are thrown away: it is asked only whether, and what, it recognises. */
const redactor = createRedactor({ id: "none", key: "not a secret: nothing made with it is kept" });

const seen = new WeakMap<readonly Argument[], readonly string[]>(); // of one call: several rules ask

/**
 * Kinds of secrets in arguments that are not meant for any: redacted ones (`secret`, `github_token` …), those that only
 * decoding shows (`encoded_github_token`), and hosts whose name carries data (`data_in_host`).
 */
export function secretsInArguments(args: readonly Argument[]): readonly string[] {
  const known = seen.get(args);
  if (known !== undefined) return known;
  const kinds = new Set<string>();
  for (const { text, role } of args) {
    if (role === "privilege") continue;
    for (const kind of secretsIn(text)) kinds.add(kind);
    if ((role === "destination" || role === "code") && hasDataInHost(text)) kinds.add("data_in_host");
  }
  const found = [...kinds];
  seen.set(args, found);
  return found;
}

/** Kinds of secrets in a text. */
export function secretsIn(text: string): string[] {
  const scanned = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) : text;
  const kinds = redactionTokensIn(scanned)
    .map(kindOfToken)
    .filter((kind) => !PERSONAL_KINDS.has(kind));
  return [
    ...new Set([
      ...kinds,
      ...encodedIn(scanned.slice(0, MAX_DECODED_CHARS)).map((kind) => `encoded_${kind}`),
    ]),
  ];
}

function encodedIn(text: string): string[] {
  if (!hasLongRun(text, MIN_RUN_CHARS) && !text.includes("%")) return [];
  const kinds = new Set<string>();
  let runs = 0;
  for (const [run] of text.matchAll(RUN)) {
    runs += 1;
    if (runs > MAX_RUNS) break;
    for (const decoded of decodings(run)) {
      for (const kind of Object.keys(redactor.redactText(decoded).redactions)) kinds.add(kind);
    }
  }
  return [...kinds];
}

/** The readable texts that a piece may stand for. */
function decodings(run: string): string[] {
  const found: string[] = [];
  if (run.startsWith("%")) found.push(Buffer.from(run.replaceAll("%", ""), "hex").toString("latin1"));
  else {
    if (HEX.test(run)) found.push(Buffer.from(run, "hex").toString("latin1"));
    found.push(
      Buffer.from(run, run.includes("-") || run.includes("_") ? "base64url" : "base64").toString("latin1"),
    );
  }
  return found.filter((decoded) => READABLE.test(decoded));
}

const HOST_NAME = /(?<![a-z0-9_.-])(?:[a-z0-9_-]{1,63}\.){2,10}[a-z]{2,24}\b/gi;
const MAX_HOST_CHARS = 4096; // of one address or command
const MIN_DATA_CHARS = 40; // of labels that carry data; names of hosts that people give are shorter
const MIN_ENTROPY_BITS = 3.2; // a character, over all such labels; words have less, hex has 4 at most

/** A name that is resolved tells its server what stands in it. */
export function hasDataInHost(text: string): boolean {
  for (const [host] of text.slice(0, MAX_HOST_CHARS).matchAll(HOST_NAME)) {
    const labels = host
      .split(".")
      .slice(0, -2)
      .filter((label) => label.length >= 16 && /\d/.test(label));
    const data = labels.join("");
    if (data.length >= MIN_DATA_CHARS && entropyOf(data.toLowerCase()) >= MIN_ENTROPY_BITS) return true;
  }
  return false;
}

/** Bits a character, by how often each occurs. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
