import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { CANARIES } from "../../../../test/support/canaries.ts";
import { cutTo, table } from "./table.ts";

describe("table", () => {
  it("aligns by what a terminal shows", () => {
    expect(
      table(
        [{ head: "tool" }, { head: "ms", align: "right" }],
        [
          ["検索", "3"],
          ["read", "120"],
        ],
        null,
      ),
    ).toBe("tool   ms\n検索    3\nread  120\n");
  });

  it("fits the terminal by cutting only what may shrink", () => {
    const text = table(
      [{ head: "id" }, { head: "summary", shrinks: true }],
      [["0192abcd-0000", "a very long sentence that does not fit in here at all"]],
      40,
    );
    for (const line of text.trimEnd().split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(40);
    expect(text).toContain("0192abcd-0000");
    expect(text).toContain("…");
  });

  it("cuts nothing when there is no terminal", () => {
    const long = "word ".repeat(100).trim();
    expect(table([{ head: "text", shrinks: true }], [[long]], null)).toContain(long);
  });

  it.each(Object.entries(CANARIES))("keeps %s on one line and without effect", (_name, hostile) => {
    const lines = table([{ head: "tool", shrinks: true }, { head: "x" }], [[hostile, "1"]], 80).split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[1]).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  });

  it("does not cut a character in two", () => {
    expect(cutTo("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 5)).toBe("👩‍👩‍👧👩‍👩‍👧…");
  });
});
