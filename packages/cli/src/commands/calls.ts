import { OUTCOMES, RECORD_TYPES } from "@tripline/events";
import { type Command, Option } from "commander";
import { type CallRow, callsAnswer } from "../api/answers.ts";
import type { ApiClient, Query } from "../api/client.ts";
import type { CommandContext } from "../context.ts";
import { callTable } from "../output/calls.ts";
import { printJson } from "../output/print.ts";
import { connect, globals } from "./command.ts";
import { atLeast, whenOption } from "./options.ts";

const DEFAULT_LIMIT = 50;
const PAGE_ROWS = 500; // the service's largest page

/** `tripline calls`: what agents did, newest first. */
export function addCalls(program: Command, context: CommandContext): void {
  program
    .command("calls")
    .summary("what agents did, newest first")
    .description(
      "Shows the recorded calls, newest first. Filters narrow together.\n\n" +
        "Example: tripline calls --since tuesday --principal ana --tool send_email",
    )
    .addOption(whenOption("since", context))
    .addOption(whenOption("until", context))
    .option("--principal <who>", "on whose behalf: subject id, or part of a name (needs read_payload)")
    .option("--agent <name>", "the agent")
    .option("--client <name>", "the program that drove it")
    .option("--credential <id>", "e.g. local:notes, key:acme/42")
    .option("--server <name>", "the MCP server")
    .option("--tool <name>", "the tool")
    .addOption(new Option("--outcome <how>", "how it ended").choices([...OUTCOMES]))
    .option("--session <id>", "one session")
    .addOption(new Option("--type <type>", "kind of record").choices([...RECORD_TYPES]))
    .option("--text <text>", "text in arguments, result or error, upper or lower case (needs read_payload)")
    .option("--limit <n>", `at most this many (default ${DEFAULT_LIMIT})`, atLeast(1))
    .action(async (options: Query & { limit?: number }, command: Command) => {
      const { calls, names, more } = await search(
        connect(command, context),
        options,
        options.limit ?? DEFAULT_LIMIT,
      );
      if (globals(command).json === true) return printJson(context, calls);
      if (calls.length === 0) return context.err("no calls match\n");
      context.out(callTable(calls, names, context));
      if (more) context.err(`older ones are left: raise --limit, or narrow with --until\n`);
    });
}

async function search(
  client: ApiClient,
  filters: Query,
  limit: number,
): Promise<{ calls: CallRow[]; names: Record<string, string[]>; more: boolean }> {
  const calls: CallRow[] = [];
  const names: Record<string, string[]> = {};
  let cursor: string | undefined;
  for (;;) {
    const answer = await client.request("GET", "/api/calls", callsAnswer, {
      query: { ...filters, limit: Math.min(PAGE_ROWS, limit - calls.length), cursor },
    });
    calls.push(...answer.calls);
    Object.assign(names, answer.names);
    if (answer.next === null || calls.length >= limit) return { calls, names, more: answer.next !== null };
    cursor = answer.next;
  }
}
