/** Writes the generated pages of docs/. */
import { writeFileSync } from "node:fs";
import { configurationPage } from "./configuration.ts";
import { scalePage } from "./scale/page.ts";

const PAGES = { "configuration.md": configurationPage, "scale.md": scalePage };

for (const [name, page] of Object.entries(PAGES)) {
  writeFileSync(new URL(`../${name}`, import.meta.url), page());
  console.log(`wrote docs/${name}`);
}
