import { readFileSync } from "node:fs";
import { TriplineError } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson, tone } from "../output/print.ts";
import { globals } from "./command.ts";

/** `tripline response test FILE`: whether its routes tell who they should. Asks no service, sends nothing. */
export function addResponseTest(group: Command, context: CommandContext): void {
  group
    .command("test <file>")
    .summary("check a response.yaml and run the tests of its routes")
    .description(
      "Reads a response.yaml as the service does and runs its route_tests. Asks no service, reads no secret and sends " +
        `nothing. Ends with ${EXIT.failure} when a test fails.\n\nExample: tripline response test ./response.yaml`,
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      const { neverTold, results } = await check(file);
      const failed = results.filter(({ passed }) => !passed);
      if (globals(command).json === true) printJson(context, results);
      else {
        for (const { name, passed, expected, told } of results) {
          const end = passed ? tone(context, "good", "ok") : tone(context, "bad", "FAILS");
          const why = passed ? "" : `: expected ${list(expected)}, the routes tell ${list(told)}`;
          context.out(`${end}  ${terminalLine(`${name}${why}`)}\n`);
        }
      }
      for (const name of neverTold) {
        context.err(`note: no route names the notifier ${terminalLine(name)}: it is told nothing\n`);
      }
      const sum = `${results.length} tests of routes, ${failed.length} failed`;
      if (failed.length > 0) throw new CommandFailed(EXIT.failure, sum);
      if (globals(command).json !== true) context.out(`${sum}\n`);
    });
}

async function check(file: string) {
  const { runRouteTests, routingMistakes, untestedResponseSchema } = await import("@tripline/response"); // late: loads all notifiers
  const { parseYaml } = await import("@tripline/service");
  const about = { name: file, code: "TRIPLINE_RESPONSE_CONFIG_INVALID" } as const;
  const text = textOf(file);
  const config = orFailed(() => parseYaml(text, untestedResponseSchema, about));
  const results = runRouteTests(config);
  const mistake = routingMistakes(config).find(({ path }) => path.includes("notify"));
  if (mistake !== undefined) {
    throw new CommandFailed(EXIT.failure, `${file}: ${mistake.path.join(".")}: ${mistake.message}`);
  }
  const named = new Set((config.routes ?? []).flatMap(({ notify }) => notify));
  const neverTold =
    config.routes === undefined
      ? []
      : config.notifiers.map(({ name }) => name).filter((name) => !named.has(name));
  return { results, neverTold };
}

function orFailed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TriplineError) throw new CommandFailed(EXIT.failure, error.message, error);
    throw error;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CommandFailed(EXIT.not_found, `${file} can't be read`, cause);
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nobody" : names.join(", ");
}
