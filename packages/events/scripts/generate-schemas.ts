/** `npm run generate`: writes schemas/ from the zod schemas. Files that are generated no more are removed. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { schemaFiles } from "../src/json-schemas.ts";

const directory = new URL("../../../schemas/", import.meta.url);
mkdirSync(directory, { recursive: true });
const files = schemaFiles();
for (const name of readdirSync(directory)) {
  if (name.endsWith(".json") && !(name in files)) rmSync(new URL(name, directory));
}
for (const [name, content] of Object.entries(files)) writeFileSync(new URL(name, directory), content);
console.log(`wrote ${Object.keys(files).length} files to schemas/`);
