import { readFileSync } from "node:fs";
import { TriplineError } from "@tripline/events";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { globals } from "./command.ts";

/** `tripline manifest …`: what is known of servers and tools. Asks no service. */
export function addManifest(program: Command, context: CommandContext): void {
  const group = program
    .command("manifest")
    .summary("work on the manifest of servers and tools: check, init")
    .description("Works on the file that says what is known of servers and tools. Asks no service.");
  addCheck(group, context);
  addInit(group, context);
}

function addCheck(group: Command, context: CommandContext): void {
  group
    .command("check <file>")
    .summary("read a manifest and say what is wrong with it")
    .description(
      `Reads a manifest as the detector does. Ends with ${EXIT.failure} and names file and line where something is wrong.\n\n` +
        "Example: tripline manifest check manifest.yaml",
    )
    .action(async (file: string, _options: object, command: Command) => {
      const { parseManifest } = await import("@tripline/detection"); // late: costs each command 80 ms
      const { hash } = failing(() => parseManifest(textOf(file), file));
      if (globals(command).json === true) printJson(context, [{ file, hash }]);
      else context.out(`${file} can be used; its hash is ${hash.slice(0, 12)}\n`);
    });
}

function addInit(group: Command, context: CommandContext): void {
  group
    .command("init <listing>")
    .summary("draft a manifest from what servers list")
    .description(
      "Prints a manifest that approves the servers of a listing and pins their tools' definitions as they are. A listing is " +
        'JSON: {"server": [tools]}, or what one server answered to tools/list.\n\n' +
        "Example: tripline manifest init tools.json > manifest.yaml",
    )
    .option("--server <name>", "the server's name, where the listing has none", "server")
    .action(async (file: string, { server }: { server: string }) => {
      const { draftManifest, parseToolLists } = await import("@tripline/detection");
      const { bySuite, everywhere } = failing(() => parseToolLists(textOf(file), file));
      context.out(draftManifest(bySuite.size > 0 ? bySuite : new Map([[server, everywhere]])));
    });
}

function failing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    throw new CommandFailed(EXIT.failure, error.message, error);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CommandFailed(EXIT.usage, `can't read ${file}`, cause);
  }
}
