import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Condition, parseCondition } from "./condition-parser.ts";
import { RuleProblem } from "./rule-problem.ts";

const NAMES = ["selection", "selection_two", "filter", "a-b", "_hidden", "note"];

function parse(condition: string): Condition {
  return parseCondition(condition, NAMES, ["detection", "condition"]);
}

describe("a condition is read as Sigma reads it", () => {
  const name = (text: string): Condition => ({ kind: "name", name: text });
  it.each<[string, Condition]>([
    ["selection", name("selection")],
    ["note", name("note")],
    ["not filter", { kind: "not", term: name("filter") }],
    [
      "selection or filter and not a-b",
      {
        kind: "or",
        terms: [
          name("selection"),
          { kind: "and", terms: [name("filter"), { kind: "not", term: name("a-b") }] },
        ],
      },
    ],
    ["1 of selection*", { kind: "of", count: 1, names: ["selection", "selection_two"] }],
    ["any of *two", { kind: "of", count: 1, names: ["selection_two"] }],
    ["all of s*on*", { kind: "of", count: 2, names: ["selection", "selection_two"] }],
    ["all of them", { kind: "of", count: 5, names: ["selection", "selection_two", "filter", "a-b", "note"] }],
    ["1 of _*", { kind: "of", count: 1, names: ["_hidden"] }],
    ["2 of sel*", { kind: "of", count: 2, names: ["selection", "selection_two"] }],
    ["1 of filter", { kind: "of", count: 1, names: ["filter"] }],
  ])("%s", (condition, tree) => {
    expect(parse(condition)).toEqual(tree);
  });
});

describe("what is wrong is named", () => {
  it.each([
    ["", "found the end"],
    [
      "selection AND filter",
      "expected `and`, `or` or the end, found `AND` (operators are written in lower case)",
    ],
    ["selecton", "found `selecton` (did you mean `selection`?)"],
    ["(selection", "expected `and`, `or` or `)`, found the end"],
    ["3 of sel*", "expected a number between 1 and 2 before `of`, found `3`"],
    ["1 of nothing*", "that one fits, found `nothing*`"],
    ["selection | count() > 5", "expected no `|`: what counts stands in a Sigma correlation"],
    ["selection selection", "expected `and`, `or` or the end"],
    [`${"(".repeat(40)}selection${")".repeat(40)}`, "expected at most 32 nested terms"],
    ["selection or ".repeat(600), "expected at most 1000 words"],
  ])("%s", (condition, message) => {
    expect(() => parse(condition)).toThrowError(message);
  });
});

it("any words are a tree or a problem that is named", () => {
  const word = fc.constantFrom(
    ...NAMES,
    "and",
    "or",
    "not",
    "(",
    ")",
    "1",
    "all",
    "of",
    "them",
    "sel*",
    "2",
    "|",
    "",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      try {
        parse(words.join(" "));
      } catch (error) {
        expect(error).toBeInstanceOf(RuleProblem);
      }
    }),
    { numRuns: 2000 },
  );
});

it("a condition means what its words mean, however deep", () => {
  type Tree = { text: string; value: (on: ReadonlySet<string>) => boolean };
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc
        .constantFrom("selection", "filter", "note")
        .map((text): Tree => ({ text, value: (on) => on.has(text) })),
      tie("tree").map(({ text, value }): Tree => ({ text: `not (${text})`, value: (on) => !value(on) })),
      fc.tuple(tie("tree"), fc.constantFrom("and", "or"), tie("tree")).map(
        ([left, operator, right]): Tree => ({
          text: `(${left.text}) ${operator} (${right.text})`,
          value: (on) =>
            operator === "and" ? left.value(on) && right.value(on) : left.value(on) || right.value(on),
        }),
      ),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.subarray(["selection", "filter", "note"]), ({ text, value }, on) => {
      expect(holds(parse(text), new Set(on))).toBe(value(new Set(on)));
    }),
  );
});

function holds(condition: Condition, on: ReadonlySet<string>): boolean {
  switch (condition.kind) {
    case "name":
      return on.has(condition.name);
    case "not":
      return !holds(condition.term, on);
    case "and":
      return condition.terms.every((term) => holds(term, on));
    case "or":
      return condition.terms.some((term) => holds(term, on));
    case "of":
      return condition.names.filter((name) => on.has(name)).length >= condition.count;
  }
}
