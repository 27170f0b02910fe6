import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { heldAnswer, holdsAnswer } from "../api/erasure-answers.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";

interface HoldOptions {
  principal?: string;
  session?: string;
  tenant?: boolean;
  reason: string;
}

/** `tripline hold …`: what must be kept, whatever its age and whoever wants it erased. */
export function addHold(program: Command, context: CommandContext): void {
  const group = program
    .command("hold")
    .summary("legal holds: place, list, release")
    .description(
      "Until a legal hold is lifted nothing of what it is about is erased, neither by people nor by age. Placing and lifting are records of their own. Needs the role hold.",
    );

  group
    .command("place")
    .description(
      "Places a legal hold.\n\nExample: tripline hold place --principal sub_0123… --reason 'Doe v. Acme, keep all'",
    )
    .option("--principal <id>", "on a person, by subject id")
    .option("--session <id>", "on a session")
    .option("--tenant", "on everything of the tenant")
    .requiredOption("--reason <text>", "why, for the audit trail")
    .action(async ({ principal, session, tenant, reason }: HoldOptions, command: Command) => {
      const named = [principal, session, tenant].filter((value) => value !== undefined);
      if (named.length !== 1) {
        throw new CommandFailed(EXIT.usage, "give one of --principal, --session, --tenant");
      }
      const answer = await connect(command, context).request("POST", "/api/holds", heldAnswer, {
        body: { principal, session, tenant, reason },
      });
      if (globals(command).json === true) return printJson(context, [answer]);
      context.out(`held under the record ${terminalLine(answer.id)}\n`);
    });

  group
    .command("list")
    .description("Lists legal holds in force. Needs the role read.")
    .action(async (_options: unknown, command: Command) => {
      const { holds } = await connect(command, context).request("GET", "/api/holds", holdsAnswer);
      if (globals(command).json === true) return printJson(context, holds);
      if (holds.length === 0) return context.err("no legal holds\n");
      context.out(
        table(
          [
            { head: "id" },
            { head: "since" },
            { head: "by" },
            { head: "on" },
            { head: "reason", shrinks: true },
          ],
          holds.map(({ id, since, by, scope, reason }) => [
            id,
            localTime(since),
            by,
            scope.subject === undefined ? scope.kind : `${scope.kind} ${scope.subject}`,
            reason,
          ]),
          context.width,
        ),
      );
    });

  group
    .command("release <id>")
    .description("Lifts a legal hold. What is over its age is erased soon after.")
    .requiredOption("--reason <text>", "why, for the audit trail")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const path = `/api/holds/${encodeURIComponent(id)}/release`;
      const answer = await connect(command, context).request("POST", path, heldAnswer, { body: { reason } });
      if (globals(command).json === true) return printJson(context, [answer]);
      context.out(`the hold ${terminalLine(answer.id)} is lifted\n`);
    });
}
