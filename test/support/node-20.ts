import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The machine's own Node 20 or 22, beside the one that the project brings; null when there is none. */
export function oldNode(): string | null {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, "node");
    if (directory.includes("node_modules") || !existsSync(path)) continue;
    const major = /^v(\d+)\./.exec(execFileSync(path, ["--version"], { encoding: "utf8" }))?.[1];
    if (major === "20" || major === "22") return path;
  }
  return null;
}
