import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "../connection/database.ts";
import { openEmbedded } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY, engineUsers } from "../connection/embedded/engine-config.ts";
import { grantStatements, type StoreRole } from "./grants.ts";

const DATABASE = "default"; // the embedded engine has no other

/** For tests: the embedded engine, with the rights of one role and no others. */
export async function openAs(role: StoreRole, dataDir: string): Promise<Database> {
  const opening = openEmbedded(dataDir, DEFAULT_MEMORY);
  // The file is written by now, and read once the engine is loaded.
  const grants = grantStatements(role, DATABASE)
    .map((grant) => `<query>${grant}</query>`)
    .join("");
  const users = engineUsers().replace(/<grants>.*<\/grants>/s, `<grants>${grants}</grants>`);
  writeFileSync(join(dataDir, "engine-users.xml"), users);
  return await opening;
}
