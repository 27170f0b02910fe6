import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { destinationsIn } from "./destinations.ts";
import { featuresOf, linkBetween } from "./features.ts";
import { fnv1a } from "./hashing.ts";
import { plain } from "./plain.ts";
import { scanWords } from "./word-scan.ts";

const NONE: ReadonlySet<number> = new Set();

describe("destinations", () => {
  it("are found in prose and normalised", () => {
    const text =
      "Write to Ana.B@Acme.example, see (https://www.News.example/a?b=1). Account: AT611904300234573201";
    expect(destinationsIn(text).map(({ kind, value }) => [kind, value])).toEqual([
      ["email", "ana.b@acme.example"],
      ["url", "news.example/a?b=1"],
      ["account", "at611904300234573201"],
    ]);
  });

  it("know the host behind a user name and a port", () => {
    expect(destinationsIn("http://good.example@evil.example:8080/x").at(-1)?.host).toBe("evil.example");
    expect(destinationsIn("http://[::1]:80/x")[0]?.host).toBe("[::1]");
  });

  it("are found in bounded time and number in any text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "@", ".", "-", "w", ":", "/", "1"), maxLength: 2000 }),
        (text) => {
          expect(destinationsIn(text).length).toBeLessThanOrEqual(64);
        },
      ),
    );
  });
});

describe("words", () => {
  it("are those of the regular expression that says what a word is, in any script", () => {
    const said = (text: string) =>
      [...text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}_.@+-]*/gu)].map(([match]) => {
        const word = match.replace(/[.\-_@+]+$/, "");
        return [word, fnv1a(word), /[0-9]/.test(word)];
      });
    const scanned = (text: string) => {
      const words: unknown[] = [];
      scanWords(text, ({ from, to, hash, digit }) => {
        words.push([text.slice(from, to), hash, digit]);
        return true;
      });
      return words;
    };
    const unit = fc.constantFrom(...'aZ09_.@+- \n,"éßΣ٣中𝒳😀\ud835⟨');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit, maxLength: 200 }), fc.string({ unit: "binary" })), (text) => {
        const lower = text.toLowerCase();
        expect(scanned(lower)).toEqual(said(lower));
      }),
      { numRuns: 500 },
    );
  });
});

describe("links", () => {
  const link = (source: string, target: string) => linkBetween(featuresOf(source), featuresOf(target), NONE);

  it("are the same secret, whatever it was taken for", () => {
    expect(link("⟨secret:k1.0123456789abcdef⟩", "x ⟨token:k1.0123456789abcdef⟩")).toBe("secret");
    expect(link("⟨secret:k1.0123456789abcdef⟩", "x ⟨secret:k2.0123456789abcdef⟩")).toBeNull();
  });

  it("are a distinctive value or a copied passage, not common words and dates", () => {
    expect(link("no. 7730018842", "number=7730018842")).toBe("value");
    expect(link("order ORD-77AB1200", "about ord-77ab1200!")).toBe("value");
    expect(link("on 2026-11-21 at 10:30:00", "until 2026-11-21 10:30:00")).toBeNull();
    expect(link("let me know if you have questions", "please let me know if it works")).toBeNull();
    expect(
      link(
        "the merger with Northwind is planned for spring",
        "so: The merger with Northwind is planned for May",
      ),
    ).toBe("value");
  });
});

it("plain text has no control characters, is cut, and never grows", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 50 }), (text, max) => {
      const shown = plain(text, max);
      expect(shown.length).toBeLessThanOrEqual(max);
      expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});
