import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PLACEHOLDERS } from "../wording/values.ts";
import { NOTIFIER_TYPES, notifierSchema } from "./index.ts";

const page = readFileSync(new URL("../../../../docs/notifiers.md", import.meta.url), "utf8");
const sections = new Map(page.split(/^## /m).map((text) => [text.slice(0, text.indexOf("\n")), text]));

test.each(NOTIFIER_TYPES)("%s has a section with every setting and an example", (type) => {
  const section = sections.get(type) ?? "";
  const option = notifierSchema.options.find(({ shape }) => shape.type.value === type);
  const settings = Object.keys(option?.shape ?? {}).filter((key) => key !== "type" && key !== "name");
  expect(settings.length).toBeGreaterThan(0);
  const table = section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|")[1])
    .join(" ");
  for (const setting of settings) expect(table).toContain(`\`${setting}\``);
  expect(section).toMatch(new RegExp(`\`\`\`yaml\n[^]*type: ${type}`));
});

test("every placeholder is explained as it is", () => {
  for (const [word, meaning] of Object.entries(PLACEHOLDERS)) {
    expect(page).toContain(`| \`{{${word}}}\` | ${meaning} |`);
  }
});
