/** What a token is; the kinds from `email` on are destinations that stand for themselves. */
export const WORD = 0;
export const NUMBER = 1;
/** A day, as `month-day`: written `2026-05-01` or `1st of May`. It stands beside the tokens that it is written with. */
export const DAY = 2;
export const CLOCK = 3;
export const EMAIL = 4;
export const URL = 5;
export const ACCOUNT = 6;
/** The `@domain` of an address or the host of a URL, beside it. */
export const DOMAIN = 7;
export type TokenKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** Where a token stands in its text. */
export const SENTENCE_START = 1;
/** The first of its line, or behind a `label:`. */
export const BEHIND_LABEL = 2;
export const LINE_END = 4;

export interface TokenSink {
  /**
   * @param hash of the normalised token: lower case, no scheme, `www.` or slash at the end; numbers as JavaScript writes them
   * @param from where it stands in the text, with `to` its end
   * @returns false to stop
   */
  token(hash: number, kind: TokenKind, place: number, from: number, to: number): boolean;
  /** The token before was the last of its line. */
  lineEnd(): void;
}

const NONE = 0;
const LETTER = 1;
const DIGIT = 2;
const JOINER = 3; // within a token, not at its ends: . _ - @ + ' &
const MARK = 4; // ends a sentence before a space: . ! ? is decided where it stands
const CLASSES = new Uint8Array(128);
for (let code = 0; code < 128; code += 1) {
  const char = String.fromCharCode(code);
  CLASSES[code] = /[a-z_]/i.test(char)
    ? LETTER
    : /[0-9]/.test(char)
      ? DIGIT
      : /[.@+\-']/.test(char)
        ? JOINER
        : NONE;
}
CLASSES["!".charCodeAt(0)] = MARK;
CLASSES["?".charCodeAt(0)] = MARK;

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const MAX_TOKEN_CHARS = 2048; // a URL fits; a longer run is cut into several tokens
const MAX_LABEL_TOKENS = 5; // before the colon; a longer line is a sentence with a colon in it
const NON_LATIN = 0x2e80; // from here on scripts without spaces: each character is a token
const LETTER_OR_NUMBER = /[\p{L}\p{N}]/u;

const NEWLINE = 10;
const COLON = 58;
const SLASH = 47;
const DOT = 46;
const COMMA = 44;
const AT = 64;
const EQUALS = 61;
const PIPE = 124;
const APOSTROPHE = 39;
const HYPHEN = 45;

/**
 * Takes a text apart, in one pass by hand since it runs over every argument and result: words of any script, numbers, days,
 * clock times, and whole mail addresses, URLs and account numbers, with sentence and line bounds.
 * @param end characters behind it are not read
 */
export function scanTokens(text: string, end: number, sink: TokenSink): void {
  let at = 0;
  let place = SENTENCE_START | BEHIND_LABEL;
  let inLine = 0; // tokens of this line
  let any = false;
  // What a day is written with: the last month's name and the last plain number, while they are neighbours.
  let month = 0;
  let day = 0;
  let earlierDay = 0;
  let sinceDay = 0;
  while (at < end) {
    const code = text.charCodeAt(at);
    const kind = classAt(text, at, code);
    if (kind !== LETTER && kind !== DIGIT) {
      at += 1;
      if (code === NEWLINE) {
        if (any) sink.lineEnd();
        any = false;
        inLine = 0;
        place |= BEHIND_LABEL;
        if (breaksAt(text, at, end)) place |= SENTENCE_START;
      } else if (code === COLON || code === EQUALS || code === PIPE) {
        if (inLine <= MAX_LABEL_TOKENS) place |= BEHIND_LABEL;
      } else if ((kind === MARK || code === DOT) && isSpaceOrQuote(text.charCodeAt(at)))
        place |= SENTENCE_START;
      continue;
    }
    const from = at;
    let hash = FNV_START;
    let letters = 0;
    let digits = 0;
    let ats = 0;
    let domain = FNV_START;
    let dots = 0;
    let commas = 0;
    let hyphens = 0;
    let colons = 0;
    let to = at;
    if (code >= NON_LATIN) {
      at = Math.min(end, at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1));
      to = at;
      letters = 1;
      for (let each = from; each < to; each += 1) hash = Math.imul(hash ^ text.charCodeAt(each), FNV_PRIME);
    } else {
      const stop = Math.min(end, from + MAX_TOKEN_CHARS);
      while (at < stop) {
        const each = text.charCodeAt(at);
        if (each >= NON_LATIN) break;
        const is = classAt(text, at, each);
        if (is === LETTER || is === DIGIT) {
          if (is === LETTER) letters += 1;
          else digits += 1;
          const lower = each >= 65 && each <= 90 ? each + 32 : each;
          hash = Math.imul(hash ^ lower, FNV_PRIME);
          if (ats === 1) domain = Math.imul(domain ^ lower, FNV_PRIME);
          at += 1;
          to = at;
          continue;
        }
        const next = at + 1 < end ? text.charCodeAt(at + 1) : 0;
        const nextIs = next < NON_LATIN ? classAt(text, at + 1, next) : NONE;
        const joins = nextIs === LETTER || nextIs === DIGIT;
        if (is === JOINER && joins) {
          if (each === AT) ats += 1;
          else if (each === DOT) dots += 1;
          else if (each === HYPHEN) hyphens += 1;
          else if (each === APOSTROPHE && letters > 0 && digits === 0 && isPossessive(text, at, end)) break;
          hash = Math.imul(hash ^ each, FNV_PRIME);
          if (ats === 1) domain = Math.imul(domain ^ each, FNV_PRIME);
          at += 1;
          continue;
        }
        // 1,000 and 10:30 are one token each.
        if (each === COMMA && nextIs === DIGIT && letters === 0 && isThousands(text, at, end)) {
          commas += 1;
          at += 1;
          continue;
        }
        if (each === COLON && nextIs === DIGIT && digits > 0 && letters <= 1) {
          colons += 1;
          hash = Math.imul(hash ^ each, FNV_PRIME);
          at += 1;
          continue;
        }
        break;
      }
      if (at > to) at = to;
    }
    let tokenKind: TokenKind = WORD;
    const behind = at < end ? text.charCodeAt(at) : 0;
    const isUrl =
      (behind === COLON && letters > 1 && digits === 0 && text.startsWith("://", at)) ||
      (dots > 0 &&
        letters > 2 &&
        ats === 0 &&
        (behind === SLASH || text.charCodeAt(from) === 119 || text.charCodeAt(from) === 87) &&
        looksLikeUrl(text, from, to, behind));
    if (isUrl) {
      at = urlEnd(text, at, end);
      to = at;
      const url = normalisedUrl(text.slice(from, to));
      if (!sink.token(hashOf(hostOf(url)), DOMAIN, place, from, to)) return;
      hash = hashOf(url);
      tokenKind = URL;
    } else if (ats === 1 && letters > 2 && isMailAddress(text, from, to)) {
      tokenKind = EMAIL;
      if (!sink.token(domain >>> 0, DOMAIN, place, from, to)) return;
    } else if (digits > 0) {
      if (letters === 0 && ats === 0) {
        if (colons > 0) {
          tokenKind = CLOCK;
          hash = hashOf(clockOf(text.slice(from, to)));
        } else if (hyphens === 2 && to - from === 10) {
          const found = isoDay(text, from);
          if (found !== 0 && !sink.token(dayHash(found), DAY, place, from, to)) return;
        } else if (hyphens === 0) {
          tokenKind = NUMBER;
          // With more than one dot it is a version or a machine's address, as written.
          if (dots <= 1 && (dots > 0 || commas > 0 || text.charCodeAt(from) === 48))
            hash = hashOf(numberText(text.slice(from, to)));
          if (digits >= 9 && dots === 0 && commas === 0) tokenKind = ACCOUNT;
        } else if (digits >= 10) tokenKind = ACCOUNT;
      } else if (hyphens >= 2 && colons > 0) {
        // 2026-05-01T10:30:00Z: its day and its clock time
        const found = isoDay(text, from);
        if (found !== 0 && !sink.token(dayHash(found), DAY, place, from, to)) return;
        tokenKind = CLOCK;
        hash = hashOf(clockOf(text.slice(from + 11, to)));
      } else if (digits + letters >= 14 && isAccount(text, from, to)) tokenKind = ACCOUNT;
    }
    if (!sink.token(hash >>> 0, tokenKind, place, from, to)) return;
    any = true;
    place = 0;
    inLine += 1;
    sinceDay += 1;
    if (sinceDay > 3) {
      month = 0;
      day = 0;
      earlierDay = 0;
    }
    const named = letters >= 3 && to - from <= 9 ? (MONTHS.get(hash >>> 0) ?? 0) : 0;
    const number = digits > 0 && digits <= 2 && to - from <= 4 ? dayNumber(text, from, to) : 0;
    if (named > 0) {
      month = named;
      sinceDay = 0;
      if (day > 0 && !sink.token(dayHash(month * 32 + day), DAY, 0, from, to)) return;
      if (earlierDay > 0 && !sink.token(dayHash(month * 32 + earlierDay), DAY, 0, from, to)) return;
      if (day > 0) day = 0;
      earlierDay = 0;
    } else if (number > 0) {
      if (month > 0) {
        if (!sink.token(dayHash(month * 32 + number), DAY, 0, from, to)) return;
      } else {
        earlierDay = day;
        day = number;
      }
      sinceDay = 0;
    }
  }
  if (any) sink.lineEnd();
}

function classAt(text: string, at: number, code: number): number {
  if (code < 128) return CLASSES[code] ?? NONE;
  if (Number.isNaN(code)) return NONE;
  const char = (text.codePointAt(at) ?? 0) > 0xffff ? text.slice(at, at + 2) : text.charAt(at);
  return LETTER_OR_NUMBER.test(char) ? LETTER : NONE;
}

/** A newline within a paragraph ends no sentence: a blank line, a list or a capital after it does. */
function breaksAt(text: string, at: number, end: number): boolean {
  let next = at;
  while (next < end && (text.charCodeAt(next) === 32 || text.charCodeAt(next) === 9)) next += 1;
  const code = text.charCodeAt(next);
  return Number.isNaN(code) || !(code >= 97 && code <= 122);
}

function isSpaceOrQuote(code: number): boolean {
  return Number.isNaN(code) || code <= 32 || code === 34 || code === 39 || code === 41;
}

function isPossessive(text: string, at: number, end: number): boolean {
  return (
    (text.charCodeAt(at + 1) | 32) === 115 && (at + 2 >= end || CLASSES[text.charCodeAt(at + 2)] === NONE)
  );
}

function isThousands(text: string, at: number, end: number): boolean {
  for (let each = at + 1; each <= at + 3; each += 1) {
    if (each >= end || CLASSES[text.charCodeAt(each)] !== DIGIT) return false;
  }
  return at + 4 >= end || CLASSES[text.charCodeAt(at + 4)] !== DIGIT;
}

const HOST = /^(?:[a-z0-9-]{1,63}\.)+([a-z]{2,12})$/i;
const FILE_ENDINGS = new Set(
  (
    "txt md csv tsv json jsonl yaml yml xml html htm js mjs cjs ts tsx jsx py rb go rs c h cc cpp java kt sh sql log pdf doc docx " +
    "xls xlsx ppt pptx odt png jpg jpeg gif svg webp mp3 mp4 wav zip gz tar toml ini cfg conf lock bak tmp ipynb"
  ).split(" "),
);

/** A name that could be a host, and no file's. */
export function isHostName(text: string): boolean {
  const ending = HOST.exec(text)?.[1]?.toLowerCase();
  return ending !== undefined && !FILE_ENDINGS.has(ending);
}

function looksLikeUrl(text: string, from: number, to: number, behind: number): boolean {
  if (to - from > 253) return false;
  const host = text.slice(from, to);
  if (/^www\./i.test(host)) return true;
  return behind === SLASH && isHostName(host);
}

const URL_ENDS = new Set([..." \t\r\n\"'<>)]}`⟨⟩\\|,;"].map((char) => char.charCodeAt(0)));

function urlEnd(text: string, from: number, end: number): number {
  const stop = Math.min(end, from + MAX_TOKEN_CHARS);
  let at = from;
  while (at < stop && !URL_ENDS.has(text.charCodeAt(at)) && text.charCodeAt(at) < NON_LATIN) at += 1;
  while (at > from && /[.:!?*_]/.test(text.charAt(at - 1))) at -= 1;
  return at;
}

export function normalisedUrl(text: string): string {
  return text
    .toLowerCase()
    .replace(/^[a-z0-9+.-]{1,20}:\/\//, "")
    .replace(/^www\./, "")
    .replace(/[/.,;:!?]+$/, "");
}

/** @param url normalised */
export function hostOf(url: string): string {
  const [host = ""] = url.split(/[/?#]/, 1);
  return host;
}

function isMailAddress(text: string, from: number, to: number): boolean {
  const at = text.indexOf("@", from);
  return at - from <= 64 && to - at <= 255 && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(text.slice(at + 1, to));
}

const ACCOUNT_TEXT =
  /^(?:[a-z]{2}\d{2}[a-z0-9]{10,30}|0x[0-9a-f]{20,64}|bc1[a-z0-9]{20,60}|[13][a-km-zA-HJ-NP-Z1-9]{25,34})$/i;

function isAccount(text: string, from: number, to: number): boolean {
  if (to - from > 68) return false;
  const token = text.slice(from, to);
  return ACCOUNT_TEXT.test(token) && /\d.*\d.*\d/.test(token);
}

function numberText(text: string): string {
  return String(Number(text.replaceAll(",", "")));
}

/** `9:5:00` as `09:05`. */
function clockOf(text: string): string {
  const [hours = "", minutes = ""] = text.split(":");
  return `${hours.padStart(2, "0").slice(0, 2)}:${minutes.padStart(2, "0").slice(0, 2)}`;
}

function isoDay(text: string, from: number): number {
  const month = Number(text.slice(from + 5, from + 7));
  const day = Number(text.slice(from + 8, from + 10));
  return text.charCodeAt(from + 4) === HYPHEN && month >= 1 && month <= 12 && day >= 1 && day <= 31
    ? month * 32 + day
    : 0;
}

function dayNumber(text: string, from: number, to: number): number {
  const found = /^(\d{1,2})(?:st|nd|rd|th)?$/i.exec(text.slice(from, to));
  const day = Number(found?.[1] ?? 0);
  return day <= 31 ? day : 0;
}

export function dayHash(monthAndDay: number): number {
  return hashOf(`day ${monthAndDay}`);
}

export function hashOf(text: string): number {
  let hash = FNV_START;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash >>> 0;
}

const MONTHS = new Map(
  "january february march april may june july august september october november december"
    .split(" ")
    .flatMap((name, at) => [[hashOf(name), at + 1] as const, [hashOf(name.slice(0, 3)), at + 1] as const]),
);
