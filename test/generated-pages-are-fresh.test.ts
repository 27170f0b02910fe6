import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { configurationPage } from "../docs/scripts/configuration.ts";
import { scalePage } from "../docs/scripts/scale/page.ts";

const PAGES = { "configuration.md": configurationPage, "scale.md": scalePage };

for (const [name, page] of Object.entries(PAGES)) {
  it(`docs/${name} is what \`npm run generate\` writes`, () => {
    const written = readFileSync(new URL(`../docs/${name}`, import.meta.url), "utf8");
    expect(written, "stale: npm run generate").toBe(page());
  });
}
