import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { configurationPage } from "../docs/scripts/configuration.ts";

it("docs/configuration.md is what `npm run generate` writes", () => {
  const page = readFileSync(new URL("../docs/configuration.md", import.meta.url), "utf8");
  expect(page, "stale: npm run generate").toBe(configurationPage());
});
