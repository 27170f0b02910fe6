import { isHostName } from "./domain-names.ts";

export interface SpelledOut {
  from: number;
  to: number;
  address: string;
}

const HINT = /(?:^|[^a-z])(?:dot|at)(?:[^a-z]|$)/i;
const PIECE = /[\p{L}\p{N}_+-]{1,63}(?:\.[\p{L}\p{N}_+-]{1,63}){0,6}/gu;
const MAX_PIECES = 20_000;
const MAX_LOCAL_PIECES = 6;
const MAX_DOMAIN_PIECES = 6;
const MAX_BETWEEN_CHARS = 6; // brackets and spaces between two pieces of one address

interface Piece {
  from: number;
  to: number;
  said: string;
}

/** Mail addresses whose signs are written out: `mark dot black at example dot com`, `mark [at] example.com`. */
export function spelledOut(text: string): SpelledOut[] {
  if (!HINT.test(text)) return [];
  const pieces: Piece[] = [];
  for (const match of text.matchAll(PIECE)) {
    pieces.push({ from: match.index, to: match.index + match[0].length, said: match[0].toLowerCase() });
    if (pieces.length >= MAX_PIECES) break;
  }
  const found: SpelledOut[] = [];
  for (let at = 1; at < pieces.length - 1; at += 1) {
    if (pieces[at]?.said !== "at") continue;
    const address = addressAround(text, pieces, at);
    if (address !== null) found.push(address);
  }
  return found;
}

function addressAround(text: string, pieces: readonly Piece[], at: number): SpelledOut | null {
  const sign = pieces[at];
  let first = at - 1;
  let last = at + 1;
  const before = pieces[first];
  const behind = pieces[last];
  if (sign === undefined || before === undefined || behind === undefined) return null;
  if (!touches(text, before, sign) || !touches(text, sign, behind)) return null;
  while (
    at - first < MAX_LOCAL_PIECES * 2 &&
    pieces[first - 1]?.said === "dot" &&
    joins(text, pieces, first - 2, first)
  )
    first -= 2;
  while (
    last - at < MAX_DOMAIN_PIECES * 2 &&
    pieces[last + 1]?.said === "dot" &&
    joins(text, pieces, last, last + 2)
  )
    last += 2;
  const local = pieces.slice(first, at);
  const domain = pieces.slice(at + 1, last + 1);
  const bracketed = "[({<".includes(text.charAt(sign.from - 1)) && text.charAt(sign.from - 1) !== "";
  // "meet me at example.com" is no address; "me (at) example.com" and "me at example dot com" are
  if (last === at + 1 && !(bracketed && behind.said.includes("."))) return null;
  const name = (parts: readonly Piece[]): string =>
    parts.map(({ said }) => (said === "dot" ? "." : said)).join("");
  const host = name(domain);
  if (!isHostName(host, true)) return null;
  return { from: pieces[first]?.from ?? 0, to: pieces[last]?.to ?? 0, address: `${name(local)}@${host}` };
}

function joins(text: string, pieces: readonly Piece[], from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const [left, right] = [pieces[at], pieces[at + 1]];
    if (left === undefined || right === undefined || !touches(text, left, right)) return false;
  }
  return true;
}

/** Only spaces, brackets and signs of emphasis stand between. */
function touches(text: string, left: Piece, right: Piece): boolean {
  return (
    right.from - left.to <= MAX_BETWEEN_CHARS && /^[\s[\](){}<>_*"'-]*$/.test(text.slice(left.to, right.from))
  );
}
