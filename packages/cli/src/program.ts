import { terminalLine } from "@tripline/service/escape";
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands/all.ts";
import type { CommandContext } from "./context.ts";
import { CommandFailed, EndedWith, EXIT } from "./exit.ts";

const DESCRIPTION =
  "Records what AI agents do with tools, notices danger, takes the key away.\n\n" +
  "Connects to the service named by --url and TRIPLINE_TOKEN, else to the one on this machine (its data directory holds both).";

const AFTER_HELP = `
Exit codes: ${EXIT.ok} done, ${EXIT.failure} failed, ${EXIT.usage} wrong usage, ${EXIT.not_found} not found, ${EXIT.refused} refused (token or role).
Environment: TRIPLINE_URL, TRIPLINE_TOKEN, TRIPLINE_HOME (data directory), NO_COLOR.`;

/**
 * The command line, each command one file in `commands/`.
 * @param argv what is to be parsed: only the command that it names is loaded; default: all of them
 */
export async function createProgram(context: CommandContext, argv: readonly string[] = []): Promise<Command> {
  const program = new Command("tripline")
    .description(DESCRIPTION)
    .addHelpText("after", AFTER_HELP)
    .option("--url <url>", "where the service answers (default: as the data directory says)")
    .option("--token <token>", "access token; others on this machine may see it here: prefer TRIPLINE_TOKEN")
    .option("--data <dir>", "data directory (default: TRIPLINE_HOME, else ~/.tripline)")
    .option("--json", "answer as JSON, one value a line, for programs")
    .helpCommand(true)
    .showHelpAfterError("(--help shows how)");
  const named = COMMANDS.get(namedCommand(argv) ?? "");
  for (const load of named === undefined ? COMMANDS.values() : [named]) (await load())(program, context);
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.out(text),
      writeErr: (text) => context.err(text),
      getOutHelpWidth: () => context.width ?? 100,
    });
  }
  return program;
}

const WITH_VALUE = ["--url", "--token", "--data"]; // of the options above: what follows is no command

/** The first word that is no option, nor one's value. */
function namedCommand(argv: readonly string[]): string | undefined {
  return argv.find((word, at) => !word.startsWith("-") && !WITH_VALUE.includes(argv[at - 1] ?? ""));
}

/** Runs one command line (without `node` and the script) and says how it ended. Never throws for a person's mistake. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    const program = await createProgram(context, argv);
    await program.parseAsync([...argv], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CommandFailed) {
      context.err(`tripline: ${terminalLine(error.message)}\n`);
      return error.exitCode;
    }
    if (error instanceof EndedWith) return error.exitCode;
    throw error;
  }
}

export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
