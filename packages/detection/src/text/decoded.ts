import { gunzipSync, inflateSync } from "node:zlib";
import { entities } from "../output/markup.ts";
import { unescaped } from "../output/unescape.ts";

/** How a piece of text was encoded. */
export type Encoding = "base64" | "hex" | "percent" | "entities" | "escapes";

export interface DecodedView {
  /** Outermost first: `["base64", "percent"]`. */
  encodings: Encoding[];
  text: string;
}

const MAX_LAYERS = 2; // encodings around each other
const MAX_VIEWS = 32; // of one text
const MAX_DECODED_CHARS = 64 * 1024; // of one text, all views together
const MAX_INFLATED_BYTES = 256 * 1024; // what unpacks to more is no text that a tool sends
const MIN_RUN_CHARS = 20; // of base64 or hex; shorter ones are names
const MIN_ESCAPES = 3;
const PRINTABLE = 0.9; // of the bytes: words that only look like base64 decode to noise

const BASE64 = /[A-Za-z0-9+/_-]{20,}(?:\r?\n[A-Za-z0-9+/_-]{4,}){0,4096}={0,2}/g;
const HEX = /(?:\\x[0-9a-fA-F]{2}){8,}|[0-9a-fA-F]{2}(?:[ :][0-9a-fA-F]{2}){9,}|(?:0x)?[0-9a-fA-F]{20,}/g;
const SPACED_HEX = /[0-9a-fA-F]{2}(?:[ :][0-9a-fA-F]{2}){9}/;
const PIECES = /[^\s"'<>&]+/g; // in which URL encoding is looked for
const ENTITY = /&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[a-z]{2,8});/;
const ESCAPE = /\\(?:u[0-9a-fA-F]{4}|["nrt\\/])/;

/** A cheap look before: false where nothing in a text can be decoded. */
export function mayBeEncoded(text: string): boolean {
  return (
    text.length >= MIN_RUN_CHARS &&
    (hasLongRun(text, MIN_RUN_CHARS) ||
      text.includes("%") ||
      text.includes("&") ||
      text.includes("\\") ||
      SPACED_HEX.test(text))
  );
}

/**
 * What the encoded pieces of a text say: base64 (of both alphabets, in lines, packed with gzip or deflate, also a piece
 * from the middle), hex, URL encoding, HTML entities, JSON escapes, each once more inside. Only what decodes to text.
 * Bounded by the limits above; never throws.
 */
export function decodedViews(text: string): DecodedView[] {
  const views: DecodedView[] = [];
  const budget = { chars: MAX_DECODED_CHARS };
  decode(text, [], views, budget);
  return views;
}

function decode(
  text: string,
  outer: readonly Encoding[],
  into: DecodedView[],
  budget: { chars: number },
): void {
  if (outer.length >= MAX_LAYERS || !mayBeEncoded(text)) return;
  const take = (encoding: Encoding, said: string | null): void => {
    if (said === null || said === "" || said === text || into.length >= MAX_VIEWS || budget.chars <= 0)
      return;
    const kept = said.length > budget.chars ? said.slice(0, budget.chars) : said;
    budget.chars -= kept.length;
    const encodings = [...outer, encoding];
    into.push({ encodings, text: kept });
    decode(kept, encodings, into, budget);
  };
  if (hasLongRun(text, MIN_RUN_CHARS)) {
    for (const run of runs(text, HEX)) take("hex", fromHex(run));
    for (const run of runs(text, BASE64)) take("base64", fromBase64(run));
  } else if (text.includes("\\x") || SPACED_HEX.test(text))
    for (const run of runs(text, HEX)) take("hex", fromHex(run));
  if (count(text, "%") >= MIN_ESCAPES)
    for (const run of runs(text, PIECES, isPercentEncoded)) take("percent", fromPercent(run));
  if (count(text, "&") >= MIN_ESCAPES && ENTITY.test(text)) take("entities", entities(text));
  if (count(text, "\\") >= MIN_ESCAPES && ESCAPE.test(text)) take("escapes", unescaped(text));
}

const RUN = new Uint8Array(128);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")
  RUN[char.charCodeAt(0)] = 1;

/** Whether some run of base64 signs has `chars`; the last sign of a stretch is looked at first, so most are skipped. */
export function hasLongRun(text: string, chars: number): boolean {
  let from = 0;
  for (let at = chars - 1; at < text.length; ) {
    let back = at;
    while (back >= from && RUN[text.charCodeAt(back)] === 1) back -= 1;
    if (back < from) return true;
    from = back + 1;
    at = back + chars;
  }
  return false;
}

function runs(text: string, pattern: RegExp, isOne: (run: string) => boolean = () => true): string[] {
  const found: string[] = [];
  for (const [run] of text.matchAll(pattern)) {
    if (isOne(run)) found.push(run);
    if (found.length >= MAX_VIEWS) break;
  }
  return found;
}

function count(text: string, sign: string): number {
  let found = 0;
  for (let at = text.indexOf(sign); at >= 0 && found < MIN_ESCAPES; at = text.indexOf(sign, at + 1))
    found += 1;
  return found;
}

/** A piece from the middle may begin anywhere in a group of four: each beginning is tried. */
function fromBase64(run: string): string | null {
  const signs = run.replace(/\s+/g, "");
  if (!/[a-z]/.test(signs) || !/[A-Z0-9]/.test(signs)) return null; // a word, a path
  for (let skipped = 0; skipped < 4; skipped += 1) {
    const text = textOf(Buffer.from(skipped === 0 ? signs : signs.slice(skipped), "base64"));
    if (text !== null) return text;
  }
  return null;
}

function fromHex(run: string): string | null {
  const digits = run.replace(/^0x|\\x|[ :]/g, "");
  for (let skipped = 0; skipped < 2; skipped += 1) {
    const text = textOf(
      Buffer.from(digits.slice(skipped, digits.length - ((digits.length - skipped) % 2)), "hex"),
    );
    if (text !== null) return text;
  }
  return null;
}

function isPercentEncoded(run: string): boolean {
  return count(run, "%") >= MIN_ESCAPES && /%[0-9a-fA-F]{2}/.test(run);
}

function fromPercent(run: string): string | null {
  const bytes: number[] = [];
  for (let at = 0; at < run.length; at += 1) {
    const code = run.charCodeAt(at);
    const byte = code === 37 ? Number.parseInt(run.slice(at + 1, at + 3), 16) : Number.NaN;
    if (!Number.isNaN(byte)) {
      bytes.push(byte);
      at += 2;
    } else if (code === 43) bytes.push(32);
    else if (code < 128) bytes.push(code);
  }
  return textOf(Buffer.from(bytes));
}

/** Bytes as the text they are; null when they are none, packed or not. */
function textOf(bytes: Buffer): string | null {
  if (bytes.length < MIN_RUN_CHARS / 2) return null;
  const unpacked =
    bytes[0] === 0x1f && bytes[1] === 0x8b
      ? unpack(bytes, gunzipSync)
      : bytes[0] === 0x78
        ? unpack(bytes, inflateSync)
        : null;
  const text = (unpacked ?? bytes).toString("utf8", 0, MAX_DECODED_CHARS);
  let printable = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0xfffd) continue;
    if (code >= 32 ? code !== 127 : code === 9 || code === 10 || code === 13) printable += 1;
  }
  return text.length > 0 && printable >= text.length * PRINTABLE ? text : null;
}

const SYNC_FLUSH = 2; // Z_SYNC_FLUSH: what was cut is unpacked as far as it goes

function unpack(bytes: Buffer, unpacker: typeof gunzipSync): Buffer | null {
  try {
    return unpacker(bytes, { maxOutputLength: MAX_INFLATED_BYTES, finishFlush: SYNC_FLUSH });
  } catch {
    return null; // no such packing, or more than is looked at: the bytes are judged as they are
  }
}
