/** Writes the generated pages of docs/. */
import { writeFileSync } from "node:fs";
import { configurationPage } from "./configuration.ts";

writeFileSync(new URL("../configuration.md", import.meta.url), configurationPage());
console.log("wrote docs/configuration.md");
