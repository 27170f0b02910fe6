import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { anyAnswer } from "../api/answers.ts";
import { exceptionsAnswer } from "../api/incident-answers.ts";
import type { CommandContext } from "../context.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";
import { pairs } from "./mute.ts";

/** `tripline exceptions …`: what rules do not find, because somebody called it a false positive. */
export function addExceptions(program: Command, context: CommandContext): void {
  const group = program
    .command("exceptions")
    .summary("what rules do not find since it was called a false positive: list, remove")
    .description(
      "Exceptions that people made of rules with `tripline incidents false-positive --except`. Those of rules.yaml are in that file, and in `tripline rules list`.",
    );

  group
    .command("list")
    .description("Lists the exceptions in force.")
    .action(async (_options: unknown, command: Command) => {
      const { exceptions } = await connect(command, context).request(
        "GET",
        "/api/exceptions",
        exceptionsAnswer,
      );
      if (globals(command).json === true) return printJson(context, exceptions);
      if (exceptions.length === 0) return context.err("no exceptions\n");
      context.out(
        table(
          [
            { head: "until" },
            { head: "rule", shrinks: true },
            { head: "where", shrinks: true },
            { head: "by" },
            { head: "reason", shrinks: true },
            { head: "id" },
          ],
          exceptions.map(({ id, until, rule, where, by, reason }) => [
            localTime(until),
            rule,
            pairs(where),
            by,
            reason,
            id,
          ]),
          context.width,
        ),
      );
    });

  group
    .command("remove <id>")
    .description("Ends an exception: the rule finds this again. Needs the role respond.")
    .requiredOption("--reason <text>", "why")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const path = `/api/exceptions/${encodeURIComponent(id)}`;
      await connect(command, context).request("DELETE", path, anyAnswer, { body: { reason } });
      if (globals(command).json === true) return printJson(context, [{ id }]);
      context.out(`the exception ${terminalLine(id)} has ended\n`);
    });
}
