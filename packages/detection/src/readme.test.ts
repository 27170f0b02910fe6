import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EFFECTS, TOOL_CLASSES } from "./knowledge/effects.ts";
import { FIELDS } from "./record/fields.ts";
import { CORRELATION_TYPES } from "./rule/correlation-schema.ts";
import { MODIFIERS } from "./rule/field-item.ts";
import { parseRules } from "./rule/parse-rule.ts";
import { testRule } from "./test-rule.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const language = readFileSync(new URL("../../../docs/rules/language.md", import.meta.url), "utf8");
const examples = [...`${readme}\n${language}`.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match, index) => ({
  file: `example-${index + 1}.yaml`,
  text: match[1] ?? "",
}));

describe.each(parseRules(examples).map((rule) => [rule.id, rule] as const))("the example %s", (_id, rule) => {
  it.each(testRule(rule).map((result) => [result.name, result] as const))("%s", (_name, result) => {
    expect(result.found).toEqual(result.expected);
  });
});

it("there are examples, and they are tested", () => {
  expect(examples.length).toBeGreaterThanOrEqual(4);
});

it("the language's page names every modifier and every type of correlation", () => {
  const names = [...MODIFIERS, ...CORRELATION_TYPES].filter(
    (name) => !["ignorecase", "multiline", "dotall"].includes(name),
  );
  expect(names.filter((name) => !language.includes(`\`${name}\``))).toEqual([]);
});

it("names every field, effect and class", () => {
  const missing = [...Object.keys(FIELDS), ...EFFECTS].filter((name) => !readme.includes(`\`${name}\``));
  expect([...missing, ...TOOL_CLASSES.filter((name) => !readme.includes(name))]).toEqual([]);
});
