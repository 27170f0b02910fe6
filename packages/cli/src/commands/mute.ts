import { SEVERITIES } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import { type Command, Option } from "commander";
import { anyAnswer } from "../api/answers.ts";
import { muteSchema, mutesAnswer } from "../api/incident-answers.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";
import { aheadOption } from "./options.ts";

interface AddOptions {
  rule?: string;
  credential?: string;
  server?: string;
  below?: string;
  until: string;
  reason: string;
}

/** `tripline mute …`: nobody is told of what matches, for a time. */
export function addMute(program: Command, context: CommandContext): void {
  const group = program
    .command("mute")
    .summary("tell nobody of some incidents for a time: add, list, remove")
    .description(
      "A mute keeps notices back until it ends. Incidents are recorded and can be seen all the same, and automatic revocation goes on. " +
        "To make a rule not find something at all, use `tripline incidents false-positive --except`.",
    );

  group
    .command("add")
    .description(
      "Adds a mute; what is given must all match. Needs the role respond.\n\n" +
        "Example: tripline mute add --rule call-burst --until 8h --reason 'load test, ticket OPS-31'",
    )
    .option("--rule <id>", "incidents of this rule")
    .option("--credential <id>", "about this credential")
    .option("--server <name>", "on this server")
    .addOption(new Option("--below <severity>", "only what is less grave than this").choices([...SEVERITIES]))
    .addOption(aheadOption("until", "when it ends", context).makeOptionMandatory())
    .requiredOption("--reason <text>", "why")
    .action(async ({ until, reason, ...match }: AddOptions, command: Command) => {
      if (Object.keys(match).length === 0) {
        throw new CommandFailed(EXIT.usage, "give at least one of --rule, --credential, --server, --below");
      }
      const answer = await connect(command, context).request("POST", "/api/mutes", muteSchema, {
        body: { match, until, reason },
      });
      if (globals(command).json === true) return printJson(context, [answer]);
      context.out(`muted until ${localTime(answer.until)} (mute ${terminalLine(answer.id)})\n`);
    });

  group
    .command("list")
    .description("Lists the mutes in force.")
    .action(async (_options: unknown, command: Command) => {
      const { mutes } = await connect(command, context).request("GET", "/api/mutes", mutesAnswer);
      if (globals(command).json === true) return printJson(context, mutes);
      if (mutes.length === 0) return context.err("nothing is muted\n");
      context.out(
        table(
          [
            { head: "until" },
            { head: "what", shrinks: true },
            { head: "by" },
            { head: "reason", shrinks: true },
            { head: "id" },
          ],
          mutes.map(({ id, until, match, by, reason }) => [localTime(until), pairs(match), by, reason, id]),
          context.width,
        ),
      );
    });

  group
    .command("remove <id>")
    .description("Ends a mute. Needs the role respond.")
    .requiredOption("--reason <text>", "why")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const path = `/api/mutes/${encodeURIComponent(id)}`;
      await connect(command, context).request("DELETE", path, anyAnswer, { body: { reason } });
      if (globals(command).json === true) return printJson(context, [{ id }]);
      context.out(`the mute ${terminalLine(id)} has ended\n`);
    });
}

/** `rule=call-burst server=mail`. */
export function pairs(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
