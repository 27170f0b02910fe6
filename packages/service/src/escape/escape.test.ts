import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CANARIES } from "../../../../test/support/canaries.ts";
import { clip, csvField, csvLine, terminalBlock, terminalLine, visible } from "./index.ts";

const DANGEROUS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(...Object.values(CANARIES).filter((text) => text.length < 1_000)),
);

describe("visible", () => {
  it.each(Object.entries(CANARIES))("leaves nothing of %s that acts on a terminal", (_name, text) => {
    expect(terminalLine(text)).not.toMatch(DANGEROUS);
  });

  it("shows what was there instead of dropping it", () => {
    expect(visible(CANARIES.ansi)).toBe("⟨ESC⟩[2J⟨ESC⟩[1;31mALL CLEAR⟨ESC⟩[0m");
    expect(visible(CANARIES.bidi)).toBe("invoice⟨U+202E⟩fdp.exe⟨U+202C⟩ ⟨U+2066⟩hidden⟨U+2069⟩");
    expect(visible("a\r\nb")).toBe("a⟨CR⟩⟨LF⟩b");
    expect(visible(CANARIES.lone_surrogate)).toBe("a⟨U+D800⟩b");
    expect(visible("\u009b31m")).toBe("⟨U+009B⟩31m");
    expect(visible("\u{E0041}")).toBe("⟨U+E0041⟩");
  });

  it("keeps ordinary text of any script, and emoji, as they are", () => {
    for (const text of ["Zürich – 東京", "עברית عربى", "👩‍👩‍👧 ✔️ 1️⃣", "a\\b 'q' \"d\""]) {
      expect(visible(text)).toBe(text);
    }
  });

  it("shows a joiner or selector that joins nothing", () => {
    expect(visible("pay\u200dpal\ufe0f\ufe0f")).toBe("pay⟨U+200D⟩pal⟨U+FE0F⟩⟨U+FE0F⟩");
  });

  it("never lets a dangerous character through, whatever comes in", () => {
    fc.assert(fc.property(hostile, (text) => !DANGEROUS.test(visible(text))));
  });

  it("is stable: escaping twice changes nothing more", () => {
    fc.assert(fc.property(hostile, (text) => visible(visible(text)) === visible(text)));
  });
});

describe("terminal", () => {
  it("marks each line of a block, so that captured text can't pass for ours", () => {
    expect(terminalBlock("a\nb\r", "| ")).toBe("| a\n| b⟨CR⟩");
  });

  it("cuts what is very long and says how much is missing", () => {
    expect(terminalLine(CANARIES.long).length).toBeLessThan(4_100);
    expect(terminalLine(CANARIES.long)).toContain("196,003 more characters");
  });

  it("does not cut a character in two", () => {
    expect(clip("ab😀cd", 3)).toBe("ab… (4 more characters)");
  });
});

describe("csv", () => {
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "|x", CANARIES.formula])(
    "takes the formula out of %j",
    (text) => {
      expect(csvField(text).replace(/^"/, "")).toMatch(/^'/);
    },
  );

  it("passes numbers, quotes what needs it", () => {
    expect(csvLine([-1, "plain", 'say "hi", now', null, undefined, true])).toBe(
      '-1,plain,"say ""hi"", now",,,true\r\n',
    );
  });

  it("writes one record on one line and gives the same fields back", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), (fields) => {
        const line = csvLine(fields);
        expect(line.slice(0, -2)).not.toMatch(/[\r\n\0]/);
        expect(parseLine(line.slice(0, -2))).toHaveLength(fields.length);
      }),
    );
  });
});

/** A reader of RFC 4180, written apart from the writer. */
function parseLine(line: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = "";
    if (line[at] === '"') {
      at += 1;
      for (;;) {
        if (line[at] === '"' && line[at + 1] === '"') {
          field += '"';
          at += 2;
        } else if (line[at] === '"') {
          at += 1;
          break;
        } else {
          field += line[at];
          at += 1;
        }
      }
    } else {
      while (at < line.length && line[at] !== ",") {
        field += line[at];
        at += 1;
      }
    }
    fields.push(field);
    if (at >= line.length) return fields;
    at += 1;
  }
}
