import type { z } from "zod";
import { ConfigError, type ConfigProblem } from "./error.ts";
import { type GivenText, readFlags } from "./flags.ts";
import { type ConfigKey, type ConfigSchema, configKeys } from "./keys.ts";
import { nearest } from "./slip.ts";
import { valueFromText } from "./text.ts";

export interface ConfigInput {
  /** without the program's own name: `process.argv.slice(2)` */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads a configuration from flags, then environment, then defaults.
 * @throws ConfigError (TRIPLINE_CONFIG_INVALID) that names every wrong key or value, what was found and what is allowed.
 */
export function readConfig<S extends ConfigSchema>(schema: S, input: ConfigInput): z.output<S> {
  const keys = configKeys(schema);
  const problems: ConfigProblem[] = misspelledVariables(input.env, keys);
  const given = new Map<string, GivenText>();
  for (const key of keys) {
    const value = input.env[key.env];
    // An empty variable counts as not set: compose files can't unset one.
    if (value !== undefined && value !== "") given.set(key.name, { value, from: key.env });
  }
  for (const [name, text] of readFlags(input.argv, keys, problems)) given.set(name, text);

  const raw: Record<string, unknown> = {};
  const unreadable = new Set<string>();
  for (const key of keys) {
    const text = given.get(key.name);
    if (text === undefined) continue;
    const parsed = valueFromText(key, text.value);
    if (parsed !== null) raw[key.name] = parsed.value;
    else {
      problems.push({ path: key.name, message: explain(key, text) });
      unreadable.add(key.name);
    }
  }

  const result = schema.safeParse(raw);
  if (!result.success) {
    for (const issue of result.error.issues) {
      const name = String(issue.path[0]);
      const key = keys.find((candidate) => candidate.name === name);
      const path = issue.path.join(".") || "configuration";
      if (key === undefined) problems.push({ path, message: issue.message });
      else if (!unreadable.has(name))
        problems.push({ path, message: explain(key, given.get(name), issue.message) });
    }
  }
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return result.data;
}

function explain(key: ConfigKey, text: GivenText | undefined, reason?: string): string {
  if (text === undefined) {
    return `nothing found: set ${key.flag === null ? "" : `${key.flag} or `}${key.env}; allowed: ${key.allowed}`;
  }
  const found = key.secret
    ? `what was found in ${text.from} is not shown because it is a secret`
    : `found ${JSON.stringify(text.value)} in ${text.from}`;
  // zod's own words say what is allowed a second time; words of the schema's author say more.
  const why = reason === undefined || /^(Invalid|Too) /.test(reason) || key.secret ? "" : ` (${reason})`;
  return `${found}; allowed: ${key.allowed}${why}`;
}

/** Variables that look like a slip; other TRIPLINE_ variables belong to other programs on the machine. */
function misspelledVariables(env: ConfigInput["env"], keys: readonly ConfigKey[]): ConfigProblem[] {
  const known = keys.map((key) => key.env);
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith("TRIPLINE_") || known.includes(name)) return [];
    const near = nearest(name, known);
    return near === null ? [] : [{ path: name, message: `there is no such variable; did you mean ${near}?` }];
  });
}
