import { readCode } from "./code.ts";
import { joined, type Leaves } from "./leaf.ts";
import { linesOf } from "./lines.ts";
import { isProse } from "./prose.ts";

const MAX_DEPTH = 256; // open elements remembered
const MAX_PATH_ELEMENTS = 4; // a path names the innermost ones
const MAX_TAG_CHARS = 8192;
const BEGINS = /<(?:!doctype\b|\?xml\b|!--|[a-z][\w:.-]{0,60}(?:\s[^<>]{0,2000})?\/?>)/iy;
const DOCUMENT = /<(?:!doctype html|html[\s>]|\?xml\s|rss[\s>]|feed[\s>])/iy;
const MAX_PROLOGUE_CHARS = 1024; // in which XML says that it is none of HTML
const FEED = /^\s*(?:<\?xml(?![\s\S]*<html)|<(?:rss|feed|rdf:RDF)[\s>])/;
const TAG_NAME = /[a-zA-Z][\w:.-]{0,60}(?=[\s/>])/y;
const ATTRIBUTE =
  /(?<![\w:.-])([a-zA-Z_:][\w:.-]{0,60})\s{0,8}=\s{0,8}(?:"([^"]{0,4096})"|'([^']{0,4096})'|([^\s"'>]{1,2048}))/g;
const TOLD = new Set([
  "href",
  "src",
  "action",
  "content",
  "alt",
  "title",
  "value",
  "placeholder",
  "aria-label",
  "data-url",
  "cite",
  "id_",
  "email",
  "name",
]);
const INLINE = new Set(
  "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr".split(
    " ",
  ),
);
const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
const RAW = new Set(["script", "style"]);
/** Elements of RSS and Atom that repeat: one is a record. */
const REPEATED = new Set(["item", "entry"]);
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  commat: "@",
  period: ".",
};

/** Whether markup begins at `at`; `document` asks for one that says so (`<!doctype html>`), since text may hold a tag. */
export function beginsMarkup(text: string, at: number, document: boolean): boolean {
  const pattern = document ? DOCUMENT : BEGINS;
  pattern.lastIndex = at;
  return pattern.test(text);
}

/**
 * Reads HTML or XML from `from` to the end. Text between block tags is one leaf, without the inline tags in it; comments
 * and the attributes that people or models read are leaves too; scripts and styles are code.
 */
export function readMarkup(text: string, from: number, into: Leaves, path: string): void {
  const own = into.record;
  const isPage = !FEED.test(text.slice(from, from + MAX_PROLOGUE_CHARS));
  const open: { name: string; record: number }[] = [];
  let pieces = "";
  let at = from;

  let here: string | null = path; // the path of where `at` is; worked out when it is asked for
  const place = (): string => {
    here ??= open.slice(-MAX_PATH_ELEMENTS).reduce((whole, { name }) => joined(whole, name), path);
    return here;
  };
  const flush = (): void => {
    const said = pieces.trim();
    pieces = "";
    if (said === "") return;
    const line = said.replace(/\s+/g, " ");
    into.add(place(), line, isProse(line));
  };

  while (at < text.length && !into.full) {
    const next = text.indexOf("<", at);
    pieces += entities(text.slice(at, next < 0 ? text.length : next));
    if (next < 0) break;
    if (text.startsWith("<!--", next)) {
      const end = text.indexOf("-->", next);
      const comment = text.slice(next + 4, end < 0 ? text.length : end).trim();
      if (comment !== "") into.add(joined(place(), "#comment"), comment, isProse(comment));
      at = end < 0 ? text.length : end + 3;
      continue;
    }
    if (text.startsWith("<![CDATA[", next)) {
      const end = text.indexOf("]]>", next);
      pieces += text.slice(next + 9, end < 0 ? text.length : end);
      at = end < 0 ? text.length : end + 3;
      continue;
    }
    const closes = text.charCodeAt(next + 1) === 47;
    TAG_NAME.lastIndex = next + (closes ? 2 : 1);
    const name = TAG_NAME.exec(text)?.[0]?.toLowerCase();
    const end = endOfTag(text, next);
    if (name === undefined || text.charCodeAt(end) !== 62) {
      // no tag: `<3`, `a < b`; or a declaration
      at = Math.max(end, next + 1);
      if (text.charCodeAt(end) !== 62 || !/[!?]/.test(text.charAt(next + 1))) pieces += text.slice(next, at);
      else {
        at = end + 1;
        const declaration = text.slice(next, at);
        into.add(joined(place(), "#declaration"), declaration, isProse(declaration));
      }
      continue;
    }
    at = end + 1;
    if (INLINE.has(name)) {
      if (!closes) attributes(text.slice(TAG_NAME.lastIndex, end), name);
      continue;
    }
    flush();
    if (closes) close(name);
    else {
      const isEmpty = VOID.has(name) || text.charCodeAt(end - 1) === 47;
      if (!isEmpty && open.length < MAX_DEPTH) enter(name);
      attributes(text.slice(TAG_NAME.lastIndex, end), name);
      if (RAW.has(name)) {
        const behind = behindRaw(text, at, name);
        const raw = text.slice(at, behind);
        const lines = linesOf(raw);
        readCode(raw, lines, 0, lines.length, into, place());
        at = behind;
      }
    }
  }
  flush();
  into.record = own;

  function attributes(inside: string, name: string): void {
    if (!inside.includes("=")) return;
    for (const [, attribute = "", double, single, bare] of inside.matchAll(ATTRIBUTE)) {
      const value = entities(double ?? single ?? bare ?? "").trim();
      if (value !== "" && (TOLD.has(attribute.toLowerCase()) || /@|:\/\//.test(value)))
        into.add(`${joined(place(), name)}@${attribute}`, value, isProse(value));
      if (into.full) return;
    }
  }

  function enter(name: string): void {
    open.push({ name, record: into.record });
    here = null;
    // A page is one author's; a feed's items, and in other XML the elements below the root, are records.
    if (into.record !== own || isPage) return;
    if (REPEATED.has(name) || open.length === 2) into.record = into.newRecord();
  }

  function close(name: string): void {
    for (let depth = open.length - 1; depth >= Math.max(0, open.length - 8); depth -= 1) {
      if (open[depth]?.name !== name) continue;
      into.record = open[depth]?.record ?? own;
      open.length = depth;
      here = null;
      return;
    }
  }
}

/** Where the tag's `>` stands, or how far was looked for it in vain. */
function endOfTag(text: string, from: number): number {
  const limit = Math.min(text.length, from + MAX_TAG_CHARS);
  let quote = 0;
  for (let at = from; at < limit; at += 1) {
    const code = text.charCodeAt(at);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === 62) return at;
    else if ((code === 34 || code === 39) && text.charCodeAt(at - 1) === 61) quote = code;
    else if (code === 60 && at > from) return at;
  }
  return limit;
}

function behindRaw(text: string, at: number, name: string): number {
  const closing = `</${name}`;
  for (let end = text.indexOf("</", at); end >= 0; end = text.indexOf("</", end + 2)) {
    if (text.slice(end, end + closing.length).toLowerCase() === closing) return end;
  }
  return text.length;
}

/** With character references replaced: `&amp;`, `&#64;`, `&#x40;`. */
export function entities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,8}));/g,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return NAMED[String(name)] ?? whole;
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
