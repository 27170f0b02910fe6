import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { z } from "zod";
import { anyAnswer } from "../api/answers.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";
import { collect, writeSecret } from "./options.ts";

const ROLES = ["read", "read_payload", "respond", "erase", "hold", "administer"] as const;
const person = z.looseObject({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  expires_at: z.string().optional(),
});
const peopleAnswer = z.looseObject({ people: z.array(person) });
const madeAnswer = z.looseObject({ token: z.string() });

/** `tripline tokens …`: who may ask, and what. */
export function addTokens(program: Command, context: CommandContext): void {
  const group = program
    .command("tokens")
    .summary("who may ask and decide: add, list, remove")
    .description(
      "Tokens of people and programs. Roles: read (calls, alerts, revocations; no texts, no names), read_payload " +
        "(arguments, results, names), respond (revoke, reinstate), erase (payloads and names), hold (legal holds), administer (producers, tokens, rules' responses).",
    );

  group
    .command("add <id>")
    .description(
      "Makes a token and prints it, once.\n\nExample: tripline tokens add ana --role read --role respond --key-file ana.token",
    )
    .option("--role <role>", "may be given several times (default: read)", collect)
    .option("--name <name>", "whose it is, for people who read the list")
    .option("--key-file <file>", "write the token here (0600) instead of printing it")
    .action(
      async (id: string, options: { role?: string[]; name?: string; keyFile?: string }, command: Command) => {
        const roles = options.role ?? ["read"];
        const wrong = roles.find((role) => !ROLES.some((known) => known === role));
        if (wrong !== undefined)
          throw new CommandFailed(EXIT.usage, `no role ${wrong}: choose from ${ROLES.join(", ")}`);
        const answer = await connect(command, context).request("POST", "/v1/tokens", madeAnswer, {
          body: { id, roles, ...(options.name === undefined ? {} : { name: options.name }) },
        });
        if (globals(command).json === true) return printJson(context, [answer]);
        writeSecret(answer.token, { what: `token of ${id}`, file: options.keyFile }, context);
      },
    );

  group
    .command("list")
    .description("Lists who has a token, and for what; never the tokens.")
    .action(async (_options: unknown, command: Command) => {
      const { people } = await connect(command, context).request("GET", "/v1/tokens", peopleAnswer);
      if (globals(command).json === true) return printJson(context, people);
      context.out(
        table(
          [{ head: "id" }, { head: "name", shrinks: true }, { head: "roles" }, { head: "expires" }],
          people.map((row) => [
            row.id,
            row.name,
            row.roles.join(" "),
            row.expires_at === undefined ? "" : localTime(row.expires_at),
          ]),
          context.width,
        ),
      );
    });

  group
    .command("remove <id>")
    .description("Removes a token: it is refused from now on.")
    .action(async (id: string, _options: unknown, command: Command) => {
      await connect(command, context).request("DELETE", `/v1/tokens/${encodeURIComponent(id)}`, anyAnswer);
      context.err(`token of ${terminalLine(id)} removed\n`);
    });
}
