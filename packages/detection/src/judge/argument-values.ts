import { isHostName as isSurelyHostName } from "../text/domain-names.ts";
import {
  ACCOUNT,
  CLOCK,
  DAY,
  DOMAIN,
  EMAIL,
  hashOf,
  isHostName,
  NUMBER,
  scanTokens,
  type TokenKind,
  URL,
} from "./token-scan.ts";

/** What an argument is for, as far as the judge cares. */
export type Role =
  | "destination"
  | "link"
  | "privilege"
  | "code"
  | "text"
  | "id"
  | "amount"
  | "time"
  | "other";

export type ValueKind = "email" | "url" | "account" | "day" | "clock" | "number" | "word" | "phrase";

/** One thing that a call's arguments say and that could have come from somewhere. */
export interface Value {
  role: Role;
  kind: ValueKind;
  /** Its tokens, as a tape has them. */
  hashes: readonly number[];
  /** How much it says when it comes from a text: a common number little, a phrase much. */
  weight: number;
  /** The argument's text, cut. For notes and names; never kept. */
  text: string;
}

/** A call's arguments as the judge sees them. */
export interface CallValues {
  values: Value[];
  /** Token runs of long arguments: what may carry something out, or repeat what a text said. */
  longs: { role: Role; hashes: number[] }[];
  /** Hashes of what stands in long arguments and is written once in a while: words and numbers with digits in them. */
  marked: number[];
  /** Hashes of runs of words that were made where the text was, which is not kept. */
  grams: readonly number[];
  /** Hashes of all tokens and of the parts of compound ones: what the agent has now said. */
  said: Uint32Array;
  /** Which items the call names: hashes of the argument's name, and of it with the id. Both are in `said` too. */
  items: readonly { name: number; item: number }[];
}

const MAX_VALUES = 48; // of one call
const MAX_SAID = 512; // tokens of one call that count as said by the agent later on
const MAX_LONG_TOKENS = 256; // of one argument
const MAX_SCALARS = 128;
const MAX_DEPTH = 6;
const MAX_CHARS = 4096; // of one argument
const MAX_PHRASE_TOKENS = 8;
const MAX_NOTE_CHARS = 120;

const WEIGHTS: Readonly<Record<ValueKind, number>> = {
  email: 2,
  url: 2,
  account: 2,
  phrase: 2,
  word: 1,
  day: 0.9,
  clock: 0.7,
  number: 0.4,
};
const SHORT_WORD_WEIGHT = 0.5; // below four characters
const PLAIN_WORD_WEIGHT = 0.6; // a lower-case word of letters: `general`, `admin`
const MARKED_WORD_WEIGHT = 1.2; // letters with digits or signs: `helper99-bot`

export function isHard({ kind }: Value): boolean {
  return kind === "email" || kind === "url" || kind === "account";
}

const DESTINATION =
  /recipient|(^|_)to(_|$)|(^|_)b?cc$|participant|attendee|e?mail(_?address(es)?)?s?$|^address$|iban|account|payee|beneficiary|host|domain|webhook|channel|destination|target|(^|_)users?$|username|user_id|invite|phone|endpoint|callback|receiver|contact|collaborator|assignee|member/;
const LINK = /(^|_)(url|uri|link|href|website|site|page)s?$/;
const PRIVILEGE =
  /password|passwd|secret|passcode|passphrase|(^|_)pin$|^token$|(access|auth|api|bearer|refresh)_?(token|key)/;
const CODE = /(^|_)(command|cmd|code|script|sql|shell)$/;
const TEXT =
  /body|content|text|message|description|note|comment|subject|title|summary|payload|data|html|markdown|prompt|reason|new_string|old_string/;
const ID = /(^|_)id$|_id|^id$|uuid|key|file|path|name|query|directory|folder/;
/** `message_id` is no message. */
const WHICH = /_(?:id|ids|uuid|key|path|file)$/;
const AMOUNT = /amount|price|sum|quantity|value|count|limit/;
const TIME = /date|time|day|start|end|when|deadline|until/;
const CAMEL = /([a-z0-9])([A-Z])/g;
const MAX_MEMO = 4096; // argument names are few; hostile ones must not fill memory
const memo = new Map<string, Role>(); // a pure function's memory: it changes speed and nothing else

export function roleOf(name: string): Role {
  const known = memo.get(name);
  if (known !== undefined) return known;
  if (memo.size >= MAX_MEMO) memo.clear();
  const role = judgeName(name.slice(0, 128).replace(CAMEL, "$1_$2").toLowerCase());
  memo.set(name, role);
  return role;
}

function judgeName(name: string): Role {
  if (/webhook|callback|endpoint/.test(name)) return "destination";
  if (LINK.test(name)) return "link";
  if (DESTINATION.test(name)) return "destination";
  if (PRIVILEGE.test(name)) return "privilege";
  if (CODE.test(name)) return "code";
  if (WHICH.test(name)) return "id";
  if (TEXT.test(name)) return "text";
  if (ID.test(name)) return "id";
  if (AMOUNT.test(name)) return "amount";
  if (TIME.test(name)) return "time";
  return "other";
}

interface Token {
  hash: number;
  kind: TokenKind;
  from: number;
  to: number;
}

/** Takes a call's arguments apart. */
export function valuesOf(args: unknown): CallValues {
  const items: { name: number; item: number }[] = [];
  const found: CallValues = { values: [], longs: [], marked: [], grams: [], said: new Uint32Array(0), items };
  const said = new Set<number>();
  let scalars = 0;
  const walk = (value: unknown, role: Role, depth: number): void => {
    if (value === null || value === undefined || typeof value === "boolean" || scalars >= MAX_SCALARS) return;
    if (typeof value !== "object") {
      scalars += 1;
      take(String(value), role, found, said);
      return;
    }
    if (depth >= MAX_DEPTH) return;
    if (Array.isArray(value)) {
      for (const member of value) walk(member, role, depth + 1);
      return;
    }
    for (const [key, member] of Object.entries(value)) {
      const own = roleOf(key);
      if (items.length < MAX_ITEMS && isItem(key, member)) {
        const name = hashOf(`\0${key}`); // no word of a text begins so
        items.push({ name, item: hashOf(`\0${key}=${String(member).toLowerCase()}`) });
      }
      walk(member, own === "other" ? role : own, depth + 1);
    }
  };
  walk(args, "other", 0);
  for (const { name, item } of items) said.add(name).add(item);
  found.said = Uint32Array.from(said);
  return found;
}

const MAX_ITEMS = 8; // of one call
const MAX_ID_CHARS = 64;
const ITEM = /(?:^|_)(?:id|number|no|uuid)$|[a-z](?:Id|Number)$/;

/** Whether an argument names one thing among many of its kind: `patient_id: 4711`. */
function isItem(name: string, value: unknown): boolean {
  if (typeof value !== "string" && typeof value !== "number") return false;
  const text = String(value);
  return ITEM.test(name) && text.length <= MAX_ID_CHARS && /^\S*\d\S*$/.test(text);
}

const EMPTY = new Set(["", "null", "none", "n/a", "undefined", "true", "false"]);

function take(raw: string, named: Role, into: CallValues, said: Set<number>): void {
  const role = named === "code" && !/\s/.test(raw.trim()) ? "other" : named; // one word runs nothing: a door's code, a coupon's
  const text = (raw.length > MAX_CHARS ? raw.slice(0, MAX_CHARS) : raw).trim();
  if (EMPTY.has(text.toLowerCase())) return;
  const tokens = tokensOf(text);
  for (const { hash, from, to } of tokens) {
    if (said.size >= MAX_SAID) break;
    said.add(hash);
    if (to - from > 3 && /[^a-z0-9]/i.test(text.slice(from, to))) {
      for (const part of partsOf(text.slice(from, to))) said.add(hashOf(part));
    }
  }
  const plain = tokens.filter(({ kind }) => kind !== DAY && kind !== DOMAIN);
  const note = text.length > MAX_NOTE_CHARS ? `${text.slice(0, MAX_NOTE_CHARS)}…` : text;
  let hard = 0;
  for (const { hash, kind, from, to } of tokens) {
    if (kind < DAY || kind === DOMAIN) continue;
    const shape: ValueKind | null =
      kind === EMAIL
        ? "email"
        : kind === URL
          ? "url"
          : kind === ACCOUNT
            ? "account"
            : kind === DAY
              ? "day"
              : "clock";
    if (shape === "day" || shape === "clock") {
      if (plain.length <= MAX_PHRASE_TOKENS && role !== "text")
        add(into, "time", shape, [hash], text.slice(from, to));
      continue;
    }
    // A long number in running text is a measure or an order; where something is addressed it is an account.
    if (
      shape === "account" &&
      /^[\d.,+-]+$/.test(text.slice(from, to)) &&
      (role !== "destination" || plain.length > 2)
    )
      continue;
    hard += 1;
    add(
      into,
      role === "destination" || role === "link" || role === "code"
        ? role
        : plain.length <= MAX_SETTING_TOKENS && (role === "other" || role === "id")
          ? WHOLE_ROLES[shape]
          : "text",
      shape,
      [hash],
      text.slice(from, to),
    );
  }
  if (plain.length === 0 || (hard > 0 && plain.length === hard)) return;
  // A value that is an address through and through is where something goes, whatever the argument is called.
  const address = role === "text" || role === "code" ? null : wholeAddress(text, role);
  if (address !== null) {
    const hashes = plain.slice(-address.tokens).map(({ hash }) => hash);
    add(into, role === "link" ? role : "destination", address.kind, hashes, note);
    return;
  }
  if (tokens.some(({ kind }) => kind === DAY) && plain.length <= 2) return;
  const [first] = plain;
  if (first === undefined) return;
  if (plain.length === 1) {
    if (first.kind === CLOCK) return;
    if (first.kind === NUMBER || first.kind === ACCOUNT)
      add(into, role, "number", [first.hash], note, role === "id" ? 0.6 : undefined);
    else add(into, role, "word", [first.hash], note, wordWeight(text));
    return;
  }
  if (plain.length <= MAX_PHRASE_TOKENS || role === "privilege" || role === "code")
    add(
      into,
      role,
      "phrase",
      plain.slice(0, MAX_LONG_TOKENS).map(({ hash }) => hash),
      note,
      text.includes(" ") ? (PHRASE_WEIGHTS[plain.length] ?? WEIGHTS.phrase) : MARKED_WORD_WEIGHT,
    );
  if (plain.length > MAX_PHRASE_TOKENS || role === "text") {
    for (const { hash, kind, from, to } of plain) {
      if (kind === CLOCK || to - from < MIN_MARKED_CHARS || into.marked.length >= MAX_MARKED) continue;
      if (/\d/.test(text.slice(from, to)) && !isDay(text.slice(from, to))) into.marked.push(hash);
    }
    into.longs.push({ role, hashes: plain.slice(0, MAX_LONG_TOKENS).map(({ hash }) => hash) });
  }
}

/** What an argument is for that is an address, whatever it is called: `owner`, `with`, `deliver_to`. */
const WHOLE_ROLES: Readonly<Record<"email" | "url" | "account", Role>> = {
  email: "destination",
  account: "destination",
  url: "link",
};
const MAX_SETTING_TOKENS = 3; // `POST https://…`, `mailto ana@…`: a setting with an address, and no text yet
const MIN_MARKED_CHARS = 5; // shorter numbers recur by chance
const MAX_MARKED = 64;

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}/.test(text);
}

/** By how many words it has. A path or a repository's name is one word. */
const PHRASE_WEIGHTS: readonly number[] = [0, 1, 1.4, 1.7];

function wordWeight(text: string): number {
  if (text.length < 4) return SHORT_WORD_WEIGHT;
  if (/^[a-z]+$/.test(text)) return PLAIN_WORD_WEIGHT;
  return /^\p{L}+$/u.test(text) ? WEIGHTS.word : MARKED_WORD_WEIGHT;
}

/** A machine's address or a range of them: RFC 4632, 3.1. */
const MACHINES = /^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?$/;
/** Machines within the house: RFC 1918, loopback. */
const WITHIN = /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/;
const PHONE = /^\+\d[\d ()-]{8,24}$/;
/** A public key as `authorized_keys` has it: who may come in. */
const PUBLIC_KEY = /^(?:ssh-[a-z0-9-]+|ecdsa-[a-z0-9-]+) [a-z0-9+/=]{40,}/i;
const MAX_KEY_TOKENS = 8; // pieces of a key between slashes

/** What kind of address a value is as a whole, and how many of its last tokens are it. */
function wholeAddress(text: string, role: Role): { kind: "url" | "account"; tokens: number } | null {
  if (MACHINES.test(text) && !WITHIN.test(text)) return { kind: "url", tokens: text.includes("/") ? 2 : 1 };
  if (PUBLIC_KEY.test(text)) return { kind: "account", tokens: MAX_KEY_TOKENS };
  if (PHONE.test(text)) return { kind: "account", tokens: MAX_PHRASE_TOKENS };
  if (role === "destination" && isGroupedAccount(text)) return { kind: "account", tokens: MAX_GROUPS };
  const named = role === "destination" || role === "link" ? isHostName(text) : isSurelyHostName(text, false);
  return named ? { kind: "url", tokens: 1 } : null;
}

/** Numbers of an account in groups, a phone number. */
function isGroupedAccount(text: string): boolean {
  return /^[+A-Z0-9 ()-]{10,42}$/i.test(text) && /[ ()-]/.test(text) && (text.match(/\d/g)?.length ?? 0) >= 9;
}

const MAX_GROUPS = 20; // of 42 characters

function add(
  into: CallValues,
  role: Role,
  kind: ValueKind,
  hashes: number[],
  text: string,
  weight = WEIGHTS[kind],
): void {
  const known = into.values.find((value) => value.kind === kind && sameHashes(value.hashes, hashes));
  if (known !== undefined) {
    if ((role === "destination" || role === "privilege" || role === "link") && known.role !== "destination")
      known.role = role;
    return;
  }
  if (into.values.length < MAX_VALUES) into.values.push({ role, kind, hashes, weight, text });
}

function sameHashes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((hash, at) => hash === b[at]);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  scanTokens(text, text.length, {
    token(hash, kind, _place, from, to) {
      tokens.push({ hash, kind, from, to });
      return tokens.length < MAX_SAID;
    },
    lineEnd: () => undefined,
  });
  return tokens;
}

/** The parts of a compound token, in lower case: `mark`, `black`, `example` of an address. */
export function partsOf(token: string): string[] {
  return token
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part.length >= 3);
}
