import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { readDocuments } from "./rule-documents.ts";
import { ruleJsonSchema } from "./rule-json-schema.ts";

const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(ruleJsonSchema()));

function filesBelow(directory: string): { file: string; text: string }[] {
  const folder = new URL(directory, import.meta.url);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((file) => ({ file, text: readFileSync(new URL(file, folder), "utf8") }));
}

it("schemas/rule.schema.json is what `npm run generate` writes", () => {
  const written = readFileSync(new URL("../../schemas/rule.schema.json", import.meta.url), "utf8");
  expect(written, "stale: npm run generate").toBe(ruleJsonSchema());
});

describe("an editor accepts what we accept", () => {
  const files = [...filesBelow("../../rules/"), ...filesBelow("../../test/sigma/corpus/")];
  it.each(files.map(({ file, text }) => [file, text]))("%s", (file, text) => {
    for (const { value } of readDocuments(text, file).documents) {
      validate(value);
      expect(validate.errors).toBeNull();
    }
  });
});

describe("an editor marks what we refuse", () => {
  const rule = {
    title: "t",
    name: "some-rule",
    logsource: { category: "agent_tool_call" },
    detection: { a: { tool: "x" }, condition: "a" },
  };
  const { detection: _detection, ...rest } = rule;
  it.each([
    { ...rule, titel: "t" },
    { ...rule, level: "grave" },
    { ...rule, detection: { a: { toll: "x" }, condition: "a" } },
    { ...rule, detection: { a: { "tool|contain": "x" }, condition: "a" } },
    { ...rule, detection: { a: [["x"]], condition: "a" } },
    { ...rule, tripline: { wy: "w" } },
    rest,
    { title: "t", correlation: { type: "event_counts", timespan: "1h" } },
  ])("%j", (document) => {
    expect(validate(document)).toBe(false);
  });

  it("and nothing else of it", () => {
    expect(validate(rule)).toBe(true);
  });
});
