import { readdirSync, readFileSync } from "node:fs";

/** The rule files of a folder, unread. */
export function ruleFilesIn(folder: URL): { file: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .map((file) => ({ file, text: readFileSync(new URL(file, folder), "utf8") }));
}
