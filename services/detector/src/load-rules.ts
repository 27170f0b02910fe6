import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseRules, type Rule, SHIPPED_RULES } from "@tripline/detection";
import { TriplineError } from "@tripline/events";

const MAX_RULE_FILES = 1000; // in one directory; a wrong path such as `/` should fail at once

/**
 * Reads the shipped rules and, where given, all `*.yaml` and `*.yml` files below an operator's directory.
 * @throws TriplineError TRIPLINE_RULE_INVALID naming file and line, TRIPLINE_RULES_UNREADABLE when a directory can't be read
 */
export async function loadRules(directory?: string): Promise<Rule[]> {
  const shipped = await ruleFiles(fileURLToPath(SHIPPED_RULES));
  const own = directory === undefined ? [] : await ruleFiles(directory);
  return parseRules([...shipped, ...own]);
}

async function ruleFiles(directory: string): Promise<{ file: string; text: string }[]> {
  try {
    const names = (await readdir(directory, { recursive: true }))
      .filter((name) => /\.ya?ml$/.test(name))
      .sort();
    if (names.length > MAX_RULE_FILES)
      throw unreadable(directory, `it holds more than ${MAX_RULE_FILES} rule files`);
    return await Promise.all(
      names.map(async (name) => ({
        file: join(directory, name),
        text: await readFile(join(directory, name), "utf8"),
      })),
    );
  } catch (cause) {
    if (cause instanceof TriplineError) throw cause;
    throw unreadable(directory, cause instanceof Error ? cause.message : "unknown error", cause);
  }
}

function unreadable(directory: string, why: string, cause?: unknown): TriplineError {
  return new TriplineError("TRIPLINE_RULES_UNREADABLE", `the rules in ${directory} can't be read: ${why}`, {
    cause,
  });
}
