import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ACCOUNT,
  BEHIND_LABEL,
  CLOCK,
  DAY,
  DOMAIN,
  dayHash,
  EMAIL,
  hashOf,
  LINE_END,
  NUMBER,
  SENTENCE_START,
  scanTokens,
  type TokenKind,
  URL,
  WORD,
} from "./token-scan.ts";

interface Seen {
  hash: number;
  kind: TokenKind;
  place: number;
  text: string;
}

function tokens(text: string, end = text.length): Seen[] {
  const seen: Seen[] = [];
  scanTokens(text, end, {
    token(hash, kind, place, from, to) {
      seen.push({ hash, kind, place, text: text.slice(from, to) });
      return true;
    },
    lineEnd() {
      const last = seen.at(-1);
      if (last !== undefined) last.place |= LINE_END;
    },
  });
  return seen;
}

const ofKind = (text: string, kind: TokenKind): string[] =>
  tokens(text)
    .filter((token) => token.kind === kind)
    .map((token) => token.text);
const hashes = (text: string): number[] => tokens(text).map(({ hash }) => hash);

describe("tokens", () => {
  it("are words of any script, in lower case; characters of scripts without spaces stand alone", () => {
    expect(ofKind("Überweise, bitte: Ana's HALF-done e-mail.", WORD)).toEqual([
      "Überweise",
      "bitte",
      "Ana",
      "s",
      "HALF-done",
      "e-mail",
    ]);
    expect(ofKind("发送到 mark", WORD)).toEqual(["发", "送", "到", "mark"]);
    expect(hashes("PAY")).toEqual(hashes("pay"));
  });

  it("are whole addresses, links and accounts, however they are written", () => {
    expect(ofKind("Write to Ana.B@Acme.example, now.", EMAIL)).toEqual(["Ana.B@Acme.example"]);
    expect(ofKind("发送到a.b@c.example谢谢", EMAIL)).toEqual(["a.b@c.example"]);
    expect(ofKind("See (https://www.News.example/a?b=1). And news.example/a!", URL)).toEqual([
      "https://www.News.example/a?b=1",
      "news.example/a",
    ]);
    expect(ofKind("to AT611904300234573201 or 0x52908400098527886E0F7030069857D2E4169EE7", ACCOUNT)).toEqual([
      "AT611904300234573201",
      "0x52908400098527886E0F7030069857D2E4169EE7",
    ]);
    expect(hashes("www.News.example/a/")).toEqual(hashes("http://news.example/a"));
  });

  it("take no grade, file name or version for a link", () => {
    expect(ofKind("3.8/4.0 and/or report.csv/2 v1.2.3 notes.md 10/12", URL)).toEqual([]);
  });

  it("are numbers by their value, clock times and days", () => {
    expect(hashes("1,000.00")).toEqual([hashOf("1000")]);
    expect(hashes("at 9:05:00")).toEqual([hashOf("at"), hashOf("09:05")]);
    const day = dayHash(5 * 32 + 1);
    for (const text of ["2024-05-01", "1st of May", "May 1", "2024-05-01T09:05:00Z"])
      expect(
        tokens(text)
          .filter(({ kind }) => kind === DAY)
          .map(({ hash }) => hash),
      ).toEqual([day]);
    expect(tokens("from the 1st to the 5th of May").filter(({ kind }) => kind === DAY)).toHaveLength(2);
    expect(ofKind("2024-05-01T09:05:00Z", CLOCK)).toHaveLength(1);
    expect(ofKind("7 apples", NUMBER)).toEqual(["7"]);
  });

  it("have their domain or host beside them", () => {
    expect(tokens("a@b.example").map(({ hash, kind }) => [hash, kind])).toEqual([
      [hashOf("@b.example"), DOMAIN],
      [hashOf("a@b.example"), EMAIL],
    ]);
    expect(tokens("https://b.example/x")[0]?.hash).toBe(hashOf("b.example"));
  });

  it("know where sentences begin and what fills a line", () => {
    const text = "Pay it\nnow. Then go.\nAccount: AT611904300234573201\nBye";
    const starts = tokens(text).filter(({ place }) => place & SENTENCE_START);
    expect(starts.map((token) => token.text)).toEqual(["Pay", "Then", "Account", "Bye"]);
    const labelled = tokens(text).filter(({ place }) => place & BEHIND_LABEL && place & LINE_END);
    expect(labelled.map((token) => token.text)).toEqual(["AT611904300234573201", "Bye"]);
  });

  it("are found in any text, none behind its end, and each begins behind the one before", () => {
    const unit = fc.constantFrom(...'aZ019_.@+-:/,\n "éß中𝒳\ud835?&=|');
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit, maxLength: 300 }), fc.string({ unit: "binary" })),
        fc.nat(300),
        (text, end) => {
          let inside = true;
          let before = 0;
          const stop = Math.min(end, text.length);
          scanTokens(text, stop, {
            token(hash, _kind, _place, from, to) {
              inside &&= hash >= 0 && from >= before && from < to && to <= stop;
              before = from;
              return true;
            },
            lineEnd: () => undefined,
          });
          expect(inside).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
