import { domainToASCII } from "node:url";
import { datesIn } from "./dates.ts";
import { isHostName, isLabel } from "./domain-names.ts";
import { folded } from "./folded.ts";
import { fnv1a } from "./hashing.ts";
import { isIban } from "./iban.ts";
import { spelledOut } from "./spelled-out.ts";

export type TextValueKind =
  | "email"
  | "url"
  | "account"
  | "path"
  | "date"
  | "clock"
  | "number"
  | "id"
  | "word"
  | "phrase";

/** Something in a text that can be recognised elsewhere. */
export interface TextValue {
  kind: TextValueKind;
  /** Where it stands: `text.slice(from, to)`, as it was written. */
  from: number;
  to: number;
  /**
   * Normalised, so that the same thing written otherwise is the same: lower case; addresses without spelled out signs,
   * links without scheme, `www.` and closing slash, accounts and phone numbers without spaces, dates as `2024-05-01`.
   */
  text: string;
  /** Whether an act can be aimed at it: an address, a link, an account. */
  hard: boolean;
  hash: number;
}

const MAX_VALUES = 512; // of one text
const MAX_SCAN_CHARS = 128 * 1024;
const MAX_TOKEN_CHARS = 2048; // longer runs are data, no names
const MAX_LOCAL_CHARS = 64;
const MAX_SCHEME_CHARS = 24;
const MAX_IPV6_CHARS = 48;
const MAX_PHRASE_WORDS = 8;
const MAX_PHRASE_CHARS = 200;

const SPACE = 1;
const BREAK = 2; // ends a token: brackets, quotes, commas
const KINDS = new Uint8Array(128);
KINDS.fill(SPACE, 0, 33);
for (const sign of "\"'`<>()[]{}|,;\\*") KINDS[sign.charCodeAt(0)] = BREAK;

/** A run of characters between spaces and brackets, without the punctuation around it. */
interface Token {
  from: number;
  to: number;
}

/** The values of a text, in order. One pass; at most MAX_VALUES. */
export function valuesIn(text: string): TextValue[] {
  return scan(text, false);
}

/** Only the addresses, links and accounts: cheaper, since nothing else is looked at closely. */
export function hardValuesIn(text: string, max = MAX_VALUES): TextValue[] {
  return scan(text, true, max);
}

function scan(original: string, hardOnly: boolean, max = MAX_VALUES): TextValue[] {
  const cut = original.length > MAX_SCAN_CHARS ? original.slice(0, MAX_SCAN_CHARS) : original;
  const plain = folded(cut);
  const text = plain?.text ?? cut;
  const found: TextValue[] = [];
  const add = (kind: TextValueKind, from: number, to: number, said: string): void => {
    if (found.length >= max) return;
    const hard = kind === "email" || kind === "url" || kind === "account";
    found.push({ kind, from, to, text: said, hard, hash: fnv1a(said) });
  };

  for (const { from, to, address } of spelledOut(text)) add("email", from, to, address);
  if (!hardOnly) for (const { from, to, date } of datesIn(text)) add("date", from, to, date);
  let words = 0;
  for (let at = 0; at < text.length && found.length < max; ) {
    const kind = kindOf(text.charCodeAt(at));
    if (kind !== 0) {
      at += 1;
      continue;
    }
    let to = at;
    let signs = 0; // bits: AT, DOT, COLON, DIGIT, SLASH
    let digits = 0;
    for (; to < text.length; to += 1) {
      const code = text.charCodeAt(to);
      if (kindOf(code) !== 0) break;
      if (code >= 48 && code <= 57) digits += 1;
      else if (code === 64) signs |= AT;
      else if (code === 46) signs |= DOT;
      else if (code === 58) signs |= COLON;
      else if (code === 47) signs |= SLASH;
    }
    words += 1;
    const token = trimmed(text, at, to);
    if (signs & COLON || signs & DOT || signs & AT || digits > 0 || (!hardOnly && token.to > token.from)) {
      at = Math.max(to, take(text, token, signs, digits, hardOnly, add));
    } else at = to;
  }
  if (!hardOnly && words > 1 && words <= MAX_PHRASE_WORDS && text.length <= MAX_PHRASE_CHARS) {
    const { from, to } = trimmed(text, 0, text.length);
    add("phrase", from, to, text.slice(from, to).toLowerCase().replace(/\s+/g, " ").trim());
  }
  if (plain !== null) {
    for (const value of found) {
      value.from = plain.placeOf(value.from);
      value.to = plain.placeOf(value.to);
    }
  }
  return found.sort((a, b) => a.from - b.from || b.to - a.to);
}

const AT = 1;
const DOT = 2;
const COLON = 4;
const SLASH = 8;

function kindOf(code: number): number {
  if (code < 128) return KINDS[code] ?? 0;
  if (code === 0xa0 || code === 0x3000 || (code >= 0x2000 && code <= 0x200b) || code === 0x2028) return SPACE;
  return (code >= 0x2018 && code <= 0x201f) ||
    code === 0x27e8 ||
    code === 0x27e9 ||
    (code >= 0x3001 && code <= 0x3011)
    ? BREAK
    : 0;
}

function trimmed(text: string, from: number, to: number): Token {
  let start = from;
  let end = to;
  while (end > start && ".,;:!?".includes(text.charAt(end - 1))) end -= 1;
  while (
    start < end &&
    ".,;:!?=&".includes(text.charAt(start)) &&
    !/^\.{0,2}\//.test(text.slice(start, start + 3))
  )
    start += 1;
  return { from: start, to: end };
}

type Add = (kind: TextValueKind, from: number, to: number, said: string) => void;

/** Takes what one token is. @returns where to go on: further than the token where its value reaches further */
function take(
  text: string,
  { from, to }: Token,
  signs: number,
  digits: number,
  hardOnly: boolean,
  add: Add,
): number {
  if (to - from > MAX_TOKEN_CHARS) return to;
  if (signs & COLON || signs & DOT) {
    const scheme = signs & COLON ? text.slice(from, to).indexOf("://") : -1;
    if (scheme > 0 || (signs & DOT && /^www\./i.test(text.slice(from, from + 4)))) {
      return takeUrl(text, scheme > 0 ? schemeFrom(text, from, from + scheme) : from, add);
    }
  }
  const said = text.slice(from, to);
  if (signs & AT && takeEmails(said, from, add)) return to;
  if (digits > 0) {
    const end = takeNumeric(text, from, to, said, digits, hardOnly, add);
    if (end > 0) return end;
  }
  if (signs & DOT) {
    const slash = said.search(/[/:?#]/);
    const host = slash < 0 ? said : said.slice(0, slash);
    if (
      isHostName(host, slash > 0 && said.charAt(slash) === "/") &&
      !/[/\\._-]/.test(text.charAt(from - 1))
    ) {
      add("url", from, to, normalUrl(said));
      return to;
    }
  }
  if (hardOnly) return to;
  if (signs & SLASH && /^(?:~|\.{1,2})?\/[\w.]|^[\w.-]+\/[\w./-]+$|^[A-Za-z]:/.test(said))
    add("path", from, to, said);
  else if (signs & DOT && /^[\w-]+(?:\.[\w-]+)*\.[A-Za-z]\w{0,4}$/.test(said))
    add("path", from, to, said.toLowerCase());
  else if (digits > 0 && said.length >= 3) add("id", from, to, said.toLowerCase());
  else if (/[\p{L}\p{N}]/u.test(said)) add("word", from, to, said.toLowerCase());
  return to;
}

const URL_ENDS = new Set([..."'\"<>)[]}\\⟨⟩"].map((sign) => sign.charCodeAt(0)));

function endsUrl(code: number): boolean {
  return code <= 32 || code === 0xa0 || code === 0x3000 || URL_ENDS.has(code);
}

function schemeFrom(text: string, from: number, colon: number): number {
  let at = colon;
  while (at > from && /[a-z0-9+.-]/i.test(text.charAt(at - 1))) at -= 1;
  return at;
}

function takeUrl(text: string, from: number, add: Add): number {
  let to = from;
  const limit = Math.min(text.length, from + MAX_TOKEN_CHARS);
  const authority = from + text.slice(from, from + MAX_SCHEME_CHARS).indexOf("//") + 2;
  if (authority > from + 1 && text.charAt(authority) === "[") {
    const close = text.slice(authority, authority + MAX_IPV6_CHARS).indexOf("]"); // an IPv6 host
    if (close > 0) to = authority + close + 1;
  }
  while (to < limit && !endsUrl(text.charCodeAt(to))) to += 1;
  while (to > from && ".,;:!?*".includes(text.charAt(to - 1))) to -= 1;
  const value = normalUrl(text.slice(from, to));
  if (hostOf(value) !== "") add("url", from, to, value);
  return to;
}

function takeEmails(said: string, offset: number, add: Add): boolean {
  let any = false;
  for (let at = said.indexOf("@"); at > 0; at = said.indexOf("@", at + 1)) {
    let from = at;
    while (from > 0 && at - from < MAX_LOCAL_CHARS && /[\w.+-]/.test(said.charAt(from - 1))) from -= 1;
    let to = at + 1;
    while (to < said.length && /[\w.\u0080-\uffff-]/.test(said.charAt(to))) to += 1;
    while (to > at && ".-_".includes(said.charAt(to - 1))) to -= 1;
    const domain = said.slice(at + 1, to);
    if (from === at || !domain.includes(".") || !domain.split(".").every(isLabel)) continue;
    any = true;
    add("email", offset + from, offset + to, `${said.slice(from, at).toLowerCase()}@${normalHost(domain)}`);
  }
  return any;
}

const ISO_DATE =
  /^((?:19|20)\d\d)[-/.](\d\d)[-/.](\d\d)(?:[T_](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?:am|pm)?$/i;
const NUMBER = /^[-+$€£]?\d[\d.,]*%?$/;
const WALLET = /^(?:0x[0-9a-f]{20,64}|bc1[a-z0-9]{20,60})$/i;
const GROUPED =
  /(?:[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?|\+\d{1,3}(?:[ .()-]{1,2}\d{2,8}){2,6}|\d{3,4}(?:[ -]\d{3,4}){2,4})(?![\w.])/y;
const MIN_ACCOUNT_DIGITS = 9;

function takeNumeric(
  text: string,
  from: number,
  to: number,
  said: string,
  digits: number,
  hardOnly: boolean,
  add: Add,
): number {
  const date = ISO_DATE.exec(said);
  if (date !== null) {
    if (hardOnly) return to;
    add("date", from, to, `${date[1]}-${date[2]}-${date[3]}`);
    if (date[4] !== undefined) add("clock", to - (said.length - said.indexOf(date[4])), to, date[4]);
    return to;
  }
  GROUPED.lastIndex = from;
  const start = text.charAt(from - 1) === "+" || text.charAt(from - 1) === "(" ? from - 1 : from;
  const grouped = !/[\w.]/.test(text.charAt(start - 1)) ? GROUPED.exec(text)?.[0] : undefined;
  if (grouped !== undefined && grouped.length > to - from && grouped.length >= MIN_ACCOUNT_DIGITS) {
    const value = grouped.replace(/[^A-Za-z0-9+]/g, "");
    if (
      value.length >= MIN_ACCOUNT_DIGITS &&
      !/^(?:19|20)\d{6}/.test(value) &&
      (!/^[A-Z]{2}/.test(value) || isIban(value, true))
    ) {
      add("account", from, from + grouped.length, value.toLowerCase());
      return from + grouped.length;
    }
  }
  const compact = said.replace(/[ ().-]/g, "");
  if (
    isIban(said, false) ||
    WALLET.test(said) ||
    (digits >= MIN_ACCOUNT_DIGITS && /^\+?\d+$/.test(compact) && !/\d\.\d/.test(said))
  ) {
    add("account", from, to, compact.toLowerCase());
    return to;
  }
  if (hardOnly) return 0;
  const clock = CLOCK.exec(said);
  if (clock !== null) {
    add("clock", from, to, said.toLowerCase());
    return to;
  }
  if (NUMBER.test(said)) {
    add("number", from, to, said.replace(/[^\d.,-]/g, ""));
    return to;
  }
  return 0;
}

/** Lower case, without scheme, `www.`, closing slash and the punctuation of a sentence; its host in its ASCII form. */
export function normalUrl(url: string): string {
  const bare = url
    .toLowerCase()
    .replace(/^[a-z0-9+.-]{1,20}:\/\//, "")
    .replace(/^www\./, "")
    .replace(/[/.,;:!?]{1,64}$/, "");
  const host = hostOf(bare);
  const ascii = normalHost(host);
  return ascii === host ? bare : bare.replace(host, ascii);
}

/** The host of a link without scheme: behind a user name, before a port. */
export function hostOf(url: string): string {
  const authority = /^[^/?#]*/.exec(url)?.[0] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : host.replace(/:\d{0,5}$/, "");
}

/** Names in other scripts are compared by what is looked up for them (punycode). */
function normalHost(host: string): string {
  const lower = host.toLowerCase();
  return /[\u0080-\uffff]/.test(lower) ? domainToASCII(lower) || lower : lower;
}
