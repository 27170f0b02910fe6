/** `npm run generate`: writes the schemas that editors check rule files and manifests with. */
import { writeFileSync } from "node:fs";
import { manifestJsonSchema } from "../src/knowledge/manifest-json-schema.ts";
import { ruleJsonSchema } from "../src/rule/rule-json-schema.ts";

for (const [name, schema] of [
  ["rule", ruleJsonSchema()],
  ["manifest", manifestJsonSchema()],
] as const) {
  writeFileSync(new URL(`../schemas/${name}.schema.json`, import.meta.url), schema);
  console.log(`wrote packages/detection/schemas/${name}.schema.json`);
}
