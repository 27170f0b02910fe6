import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { notifiersAnswer, notifierTestAnswer } from "../api/incident-answers.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";

/** `tripline notify …`: whether people would hear of it. */
export function addNotify(program: Command, context: CommandContext): void {
  const group = program
    .command("notify")
    .summary("who is told of incidents, and whether that works: list, test")
    .description("Notifiers are configured in response.yaml.");

  group
    .command("list")
    .description("Lists the notifiers: where each sends to, and whether it is reached.")
    .action(async (_options: unknown, command: Command) => {
      const answer = await connect(command, context).request("GET", "/api/notifiers", notifiersAnswer);
      if (globals(command).json === true) return printJson(context, answer.notifiers);
      if (answer.notifiers.length === 0)
        return context.err("nobody is told: response.yaml names no notifier\n");
      context.out(
        table(
          [
            { head: "name" },
            { head: "to", shrinks: true },
            { head: "waiting", align: "right" },
            { head: "state", shrinks: true },
          ],
          answer.notifiers.map(({ name, to, waiting, failing_since, reason }) => [
            name,
            to,
            String(waiting),
            failing_since === null ? "ok" : `fails since ${localTime(failing_since)}: ${reason ?? "unknown"}`,
          ]),
          context.width,
        ),
      );
    });

  group
    .command("test <name>")
    .description(
      "Sends a test through one notifier, once, and says how that ended; a failure ends with 1. Needs the role administer.",
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const path = `/api/notifiers/${encodeURIComponent(name)}/test`;
      const answer = await connect(command, context).request("POST", path, notifierTestAnswer);
      if (globals(command).json === true) printJson(context, [answer]);
      else if (answer.delivered) context.out(`${terminalLine(`${name}: ${answer.reason}`)}\n`);
      if (!answer.delivered) throw new CommandFailed(EXIT.failure, `${name}: ${answer.reason}`);
    });
}
