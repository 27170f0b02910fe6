import type { z } from "zod";
import { watchStart } from "../start-errors.ts";
import { helpText } from "./describe.ts";
import { ConfigError } from "./error.ts";
import type { ConfigSchema } from "./keys.ts";
import { readConfig } from "./read.ts";

const EXIT_WRONG_CONFIGURATION = 2; // as command-line tools say "wrong usage"

/**
 * For a service's `main.ts`: reads this process's flags and environment. `--help` prints the help and ends the process
 * with 0; a wrong configuration prints what is wrong and ends it with 2. An error from here until `runParts` ends it with 1.
 */
export function readProcessConfig<S extends ConfigSchema>(
  schema: S,
  about: { command: string; summary: string },
): z.output<S> {
  const argv = process.argv.slice(2);
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(helpText(schema, about));
    process.exit(0);
  }
  watchStart();
  try {
    return readConfig(schema, { argv, env: process.env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\nRun \`${about.command} --help\` for all keys.\n`);
    process.exit(EXIT_WRONG_CONFIGURATION);
  }
}
