import { readdirSync, readFileSync } from "node:fs";
import { alertSchema } from "@tripline/events";
import { describe, expect, it } from "vitest";
import { parseRules } from "./rule/parse-rule.ts";
import { testRule } from "./test-rule.ts";

const DIRECTORY = new URL("../rules/", import.meta.url);
const NEVER_REVOKES = ["new_value", "changed"];

const rules = parseRules(
  readdirSync(DIRECTORY, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({ file, text: readFileSync(new URL(file, DIRECTORY), "utf8") })),
);

describe.each(rules.map((rule) => [rule.id, rule] as const))("the shipped rule %s", (id, rule) => {
  it("lies in a file of its own name", () => {
    expect(rule.file).toMatch(new RegExp(`^[a-z-]+/${id}\\.yaml$`));
  });

  it("has a name for people and a UUID for Sigma's tools", () => {
    expect(rule.definition.name).toBe(id);
    expect(rule.definition.id).toBeTruthy();
  });

  it("says what it means, what to expect of it and where it comes from", () => {
    expect(rule.definition.description).toBeTruthy();
    expect(rule.definition.falsepositives.length).toBeGreaterThan(0);
    expect(rule.definition.references.length).toBeGreaterThan(0);
  });

  it("has cases that alert and cases that stay silent or lower", () => {
    const tests = rule.definition.tripline.tests;
    expect(tests.some(({ alerts }) => alerts.length > 0)).toBe(true);
    expect(tests.some(({ alerts }) => alerts.length === 0)).toBe(true);
  });

  it.each(testRule(rule).map((result) => [result.name, result] as const))("%s", (_name, result) => {
    expect(result.found).toEqual(result.expected);
    for (const alert of result.alerts) {
      expect(alertSchema.parse(alert)).toEqual(alert);
      expect(alert.summary).not.toMatch(/unknown|[{}]/);
    }
  });

  it("revokes nothing for a definition or a new tool", () => {
    if (NEVER_REVOKES.includes(rule.kind)) expect(rule.definition.tripline.response.revocable).toBe(false);
  });
});
