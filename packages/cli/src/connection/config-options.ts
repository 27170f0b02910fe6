import { type ConfigSchema, describeConfig, readConfig } from "@tripline/service";
import { type Command, Option } from "commander";
import type { z } from "zod";
import type { CommandContext } from "../context.ts";

/** For commands that do what a service does: gives the command the flags of a service's configuration. */
export function addConfigOptions(command: Command, schema: ConfigSchema): Command {
  for (const key of describeConfig(schema)) {
    if (key.flag === null) continue;
    const words = key.description + (key.default === null ? "" : ` (default: ${key.default})`);
    command.addOption(
      new Option(key.kind === "boolean" ? key.flag : `${key.flag} <${key.placeholder}>`, words),
    );
  }
  return command;
}

/**
 * The configuration from those flags, the environment and the defaults, as the service reads it.
 * @throws ConfigError
 */
export function commandConfig<S extends ConfigSchema>(
  schema: S,
  command: Command,
  context: CommandContext,
): z.output<S> {
  const argv = describeConfig(schema).flatMap(({ name, flag }) => {
    const value: unknown = flag === null ? undefined : command.opts()[name];
    if (value === undefined) return [];
    return value === true ? [String(flag)] : [`${flag}=${String(value)}`];
  });
  return readConfig(schema, { argv, env: context.env });
}
