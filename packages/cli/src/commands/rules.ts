import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { TriplineError } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson, tone } from "../output/print.ts";
import { globals } from "./command.ts";

/** `tripline rules test FILE…`: runs the cases that rules carry. Asks no service. */
export function addRules(program: Command, context: CommandContext): void {
  const group = program
    .command("rules")
    .summary("work on rule files: test")
    .description("Works on rule files on this machine.");
  group
    .command("test <files...>")
    .description(
      `Checks rule files and runs the cases they carry; folders are searched for .yaml. Ends with ${EXIT.failure} when one fails.`,
    )
    .action(async (files: string[], _options: unknown, command: Command) => {
      const json = globals(command).json === true;
      const detection = await import("@tripline/detection"); // late: costs each command 80 ms
      const outcomes = files.flatMap(ruleFiles).flatMap((file) => testFile(file, detection));
      if (json) printJson(context, outcomes);
      else for (const outcome of outcomes) context.out(line(outcome, context));
      const failed = outcomes.filter((outcome) => !outcome.passed).length;
      if (failed > 0) throw new CommandFailed(EXIT.failure, `${failed} of ${outcomes.length} cases failed`);
      if (!json) context.out(`${outcomes.length} cases passed\n`);
    });
}

interface Outcome {
  file: string;
  case: string;
  passed: boolean;
  problem?: string;
}

function ruleFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new CommandFailed(EXIT.usage, `no such file: ${path}`);
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function testFile(
  file: string,
  { parseRule, testRule }: Pick<typeof import("@tripline/detection"), "parseRule" | "testRule">,
): Outcome[] {
  try {
    const results = testRule(parseRule(readFileSync(file, "utf8"), file));
    return results.map(({ name, passed, expected, found }) => ({
      file,
      case: name,
      passed,
      ...(passed ? {} : { problem: `expected alerts [${expected.join(", ")}], found [${found.join(", ")}]` }),
    }));
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    return [{ file, case: "reads", passed: false, problem: error.message }];
  }
}

function line(outcome: Outcome, context: CommandContext): string {
  const mark = outcome.passed ? tone(context, "good", "ok  ") : tone(context, "bad", "FAIL");
  const problem = outcome.problem === undefined ? "" : `\n     ${terminalLine(outcome.problem)}`;
  return `${mark} ${terminalLine(outcome.file)}: ${terminalLine(outcome.case)}${problem}\n`;
}
