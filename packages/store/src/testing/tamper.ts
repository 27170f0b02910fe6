import { execFileSync } from "node:child_process";
import { join } from "node:path";

const SCRIPT = `
const { Session } = require("chdb");
const session = new Session(process.argv[1]);
session.query("USE default");
for (const statement of process.argv.slice(2)) session.query(statement);
session.close();
`;

/**
 * Runs statements that the store's own user may not run, as the database's administrator could. The store in `dataDir`
 * must be closed; the statements run in a process of their own.
 */
export function tamper(dataDir: string, ...statements: readonly string[]): void {
  execFileSync(process.execPath, ["-e", SCRIPT, join(dataDir, "data"), ...statements], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "ignore", "pipe"],
  });
}
