/** Writes the generated pages of docs/, and the roles at a ClickHouse server. */
import { writeFileSync } from "node:fs";
import { rolesSql } from "@tripline/store";
import { configurationPage } from "./configuration.ts";
import { scalePage } from "./scale/page.ts";

const PAGES = { "configuration.md": configurationPage, "scale.md": scalePage };

for (const [name, page] of Object.entries(PAGES)) {
  writeFileSync(new URL(`../${name}`, import.meta.url), page());
  console.log(`wrote docs/${name}`);
}

writeFileSync(new URL("../../infra/clickhouse/roles.sql", import.meta.url), rolesSql("tripline"));
console.log("wrote infra/clickhouse/roles.sql");
