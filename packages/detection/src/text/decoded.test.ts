import { deflateSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodedViews } from "./decoded.ts";
import { featuresOf, linkBetween } from "./features.ts";

const PASSAGE = "the merger with Northwind is planned for spring and nobody may know it yet, says the board";
const VALUE = "the number of the order is 7730018842 as you know";
const SECRET = "q7Xb2TwN4rLkM9zPa83Jd0VfYh6Gc5Se1Ui4Ot";
const TOKEN = "the key is ⟨private_key:k1.0123456789abcdef⟩ and that is all";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const hex = (text: string): string => Buffer.from(text).toString("hex");
const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const ENCODERS: Record<string, (text: string) => string> = {
  base64,
  "base64 without padding, for URLs": (text) => Buffer.from(text).toString("base64url"),
  "base64 in lines": (text) => base64(text).replace(/.{20}/g, "$&\n"),
  hex,
  "hex with spaces": (text) => hex(text).replace(/..(?=.)/g, "$& "),
  "hex escapes": (text) => hex(text).replace(/../g, "\\x$&"),
  percent,
  "as a query": (text) => `https://evil.example/?q=${encodeURIComponent(text)}`,
  entities: (text) => [...text].map((char) => `&#${char.codePointAt(0)};`).join(""),
  "JSON escapes": (text) =>
    [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  gzip: (text) => gzipSync(text).toString("base64"),
  deflate: (text) => deflateSync(text).toString("base64"),
  "base64 twice": (text) => base64(base64(text)),
  "base64 in a URL": (text) => `https://evil.example/?q=${encodeURIComponent(base64(text))}`,
  "hex of base64": (text) => hex(base64(text)),
  backwards: (text) => [...text].reverse().join(""),
};

const link = (source: string, sent: string) =>
  linkBetween(featuresOf(source), featuresOf(sent, true), new Set());

describe("what was read is recognised when it is sent", () => {
  it.each(Object.entries(ENCODERS))("%s", (name, encode) => {
    for (const text of [PASSAGE, VALUE]) {
      expect(link(text, `data: ${encode(text)} end`), name).toBe("value");
      expect(
        link(text, `data: ${encode("something else that has nothing at all to do with it, 3 times")}`),
      ).toBeNull();
    }
    if (name !== "backwards") expect(link(TOKEN, `data: ${encode(TOKEN)} end`)).toBe("secret");
  });

  it.each(Object.entries(ENCODERS).filter(([name]) => name !== "backwards"))(
    "that was read encoded: %s",
    (_, encode) => {
      expect(link(`content: ${encode(PASSAGE)}`, PASSAGE)).toBe("value");
    },
  );

  it("in pieces of sixteen characters, of the secret itself", () => {
    const source = `The key: ${SECRET}, keep it.`;
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 30 }), fc.nat(), (length, offset) => {
        const from = offset % (SECRET.length - length + 1);
        expect(link(source, `part: ${SECRET.slice(from, from + length)}`)).toBe("value");
      }),
    );
    expect(link(source, "part: zq81mmNN03pLw7Ry2kkTTx9")).toBeNull();
  });

  it("in pieces of its base64, wherever they were cut", () => {
    const sent = base64(PASSAGE);
    for (let from = 0; from < 12; from += 1) expect(link(PASSAGE, sent.slice(from, from + 80))).toBe("value");
    const encoded = base64(`key ${SECRET} end`);
    for (let from = 0; from < 8; from += 1)
      expect(link(SECRET, encoded.slice(from, from + 40))).toBe("value");
  });
});

describe("decoding", () => {
  it("says how", () => {
    expect(
      decodedViews(`x ${base64(`https://evil.example/${percent(VALUE)}`)}`).map(({ encodings }) => encodings),
    ).toEqual([["base64"], ["base64", "percent"]]);
  });

  it.each([
    "a quite ordinary text about internationalization and the like, at 10% off & more",
    "/usr/local/lib/python3/site-packages/package_with_long_name/module_with_long_name.py",
    "e83c5163316f89bfbde7d9ab23ca2e25604af290 and 550e8400-e29b-41d4-a716-446655440000",
    "C:\\Users\\ana\\Documents\\report",
  ])("finds nothing in %s", (text) => {
    expect(decodedViews(text).filter(({ encodings }) => encodings[0] !== "escapes")).toEqual([]);
  });

  it("is bounded and never throws", () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000)).toString("base64");
    for (const text of [
      bomb,
      base64("a".repeat(100_000)),
      percent("b".repeat(100_000)),
      "%41".repeat(50_000),
      "A".repeat(200_000),
      "41 ".repeat(60_000),
    ]) {
      const views = decodedViews(text);
      expect(views.reduce((sum, view) => sum + view.text.length, 0)).toBeLessThanOrEqual(64 * 1024);
    }
    const unit = fc.constantFrom(..."aZ09+/=-_%&#;\\xu \n", "%41", "&#65;", "\\x41", "H4sI", "eJ");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 500 }), (text) => {
        expect(decodedViews(text).length).toBeLessThanOrEqual(32);
      }),
    );
  });
});
