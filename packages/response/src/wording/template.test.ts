import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NEVER_SHOWN } from "../testing/recording-server.ts";
import { HOSTILE, hostileIncident, sampleNotification } from "../testing/sample-incident.ts";
import { inertText } from "./inert-text.ts";
import { cut, messageOf } from "./message.ts";
import { filled, templateMistake } from "./template.ts";
import { PLACEHOLDERS, valuesOf } from "./values.ts";

const values = valuesOf(sampleNotification());

test("every placeholder has a value, and every one can stand in a template", () => {
  expect(Object.keys(values).sort()).toEqual(Object.keys(PLACEHOLDERS).sort());
  for (const word of Object.keys(PLACEHOLDERS))
    expect(templateMistake(`{{${word}}} {{ ${word} }}`)).toBe(undefined);
});

test.each([
  ["{{severty}}", "there is no {{severty}}"],
  ["{{constructor}}", "there is no {{constructor}}"],
  ["{{}}", "there is no {{}}"],
  ["{{severity}", "a {{ without its }}"],
  ["severity}}", "a {{ without its }}"],
  ["{{severity + 1}}", "there is no"],
])("%j is refused: %s", (text, mistake) => {
  expect(templateMistake(text)).toContain(mistake);
});

test("values are put in once: what they hold is no template", () => {
  const tricky = { ...values, summary: "{{undo}} $& $1 {{severity}}" };
  expect(filled("[{{severity}}] {{ summary }}", tricky)).toBe("[high] {{undo}} $& $1 {{severity}}");
});

test("a line in which every placeholder is empty is left out", () => {
  const some = { ...values, note: "", by: "", team: "red" };
  expect(filled("a\nnote: {{note}}\n{{note}} {{team}}\n\nb", some)).toBe("a\n red\n\nb");
});

describe("captured text", () => {
  test("never becomes a link, a mention or a control character, in any value or message", () => {
    const notification = sampleNotification("acknowledged", hostileIncident());
    const { link: _ours, ...captured } = valuesOf(notification);
    for (const value of Object.values(captured)) expect(value).not.toMatch(NEVER_SHOWN);
    const { title, parts } = messageOf(notification, {});
    for (const text of [title, ...parts.map(({ value }) => value)]) expect(text).not.toMatch(NEVER_SHOWN);
  });
  test("whatever it is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("://", "@", "www.", "http", "mailto:", "\u202e", "x", " ", "\n"), {
          maxLength: 40,
        }),
        (parts) => {
          const shown = inertText(parts.join(""), 200);
          expect(shown).not.toMatch(/[a-z]:\/\/|(?<!\[)@|www\.|mailto:\S|[\n\u202e]/i);
          expect(shown.length).toBeLessThanOrEqual(200);
        },
      ),
    );
  });
  test("stays readable", () => {
    expect(inertText("read /home/ana/report.pdf from server.tool, a: b", 100)).toBe(
      "read /home/ana/report.pdf from server.tool, a: b",
    );
    expect(HOSTILE.length).toBeGreaterThan(100);
  });
});

test("what is cut says so, within the limit, and leaves no half character", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.integer({ min: 20, max: 100 }),
      (text, max) => {
        const short = cut(text, max, (part) => Buffer.byteLength(part));
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(max + 2); // a halved character becomes a replacement one
        expect(short.isWellFormed()).toBe(true);
        expect(short === text || short.endsWith("… (cut)")).toBe(true);
      },
    ),
  );
});

test("every notice says what it is about", () => {
  const titles = (
    ["opened", "grew", "escalated", "acknowledged", "resolved", "false_positive", "reopened", "done"] as const
  ).map((kind) => messageOf(sampleNotification(kind), {}).title);
  expect(new Set(titles).size).toBe(8);
  expect(titles[0]).toBe("New: A secret was read and then sent out (high)");
});
