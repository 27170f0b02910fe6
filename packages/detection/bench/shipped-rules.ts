import { readdirSync, readFileSync } from "node:fs";
import { parseRules, type Rule } from "../src/index.ts";

/** The rules of this package, for benches. */
export function shippedRules(): Rule[] {
  const directory = new URL("../rules/", import.meta.url);
  return parseRules(
    readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".yaml"))
      .map((file) => ({ file, text: readFileSync(new URL(file, directory), "utf8") })),
  );
}
