import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandFailed, EXIT } from "../exit.ts";

export interface RuleText {
  file: string;
  text: string;
}

const SETTINGS_FILE = "rules.yaml"; // settings of rules, and no rule

/** The rule files that the paths name; folders are searched for `.yaml` and `.yml`. @param shipped where no path is given */
export function ruleTexts(paths: readonly string[], shipped: URL): RuleText[] {
  const named = paths.length === 0 ? [fileURLToPath(shipped)] : paths;
  return named.flatMap(filesAt).map((file) => ({ file, text: textOf(file) }));
}

/** The rule files that the names mean: paths, or names of shipped rules. */
export function namedRules(names: readonly string[], shipped: URL): RuleText[] {
  return names.flatMap((name) => {
    if (statSync(name, { throwIfNoEntry: false }) !== undefined) return ruleTexts([name], shipped);
    const found = ruleTexts([], shipped).filter(
      ({ file }) => basename(file).replace(/\.ya?ml$/, "") === name,
    );
    if (found.length === 0)
      throw new CommandFailed(EXIT.usage, `no such file, and no shipped rule of that name: ${name}`);
    return found;
  });
}

function filesAt(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new CommandFailed(EXIT.usage, `no such file: ${path}`);
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name) && name !== SETTINGS_FILE)
    .sort()
    .map((name) => join(path, name));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CommandFailed(EXIT.usage, `can't read ${file}`, cause);
  }
}
