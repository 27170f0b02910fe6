import { REVOCATION_SCOPES } from "@tripline/events";
import { type Command, Option } from "commander";
import { revocationAnswer, revocationsAnswer } from "../api/answers.ts";
import type { Query } from "../api/client.ts";
import { wholeRevocationId } from "../api/short-ids.ts";
import type { CommandContext } from "../context.ts";
import { printJson } from "../output/print.ts";
import { stateOf, timelineText } from "../output/revocation.ts";
import { table } from "../output/table.ts";
import { localTime, offsetName } from "../time/show.ts";
import { connect, globals } from "./command.ts";
import { atLeast } from "./options.ts";

/** `tripline revocations [ID]`: what is refused, and how fast that went. */
export function addRevocations(program: Command, context: CommandContext): void {
  program
    .command("revocations [id]")
    .summary("what is refused, or one revocation with its measured times")
    .description(
      "Lists revocations, newest first; with an id (its first digits are enough) tells one with its times.",
    )
    .addOption(new Option("--state <state>", "only these").choices(["active", "reinstated"]))
    .addOption(new Option("--scope <scope>", "only of this scope").choices([...REVOCATION_SCOPES]))
    .option("--subject <id>", "only of this subject")
    .option("--limit <n>", "at most this many, up to 500 (default 50)", atLeast(1))
    .action(async (id: string | undefined, options: Query, command: Command) => {
      const client = connect(command, context);
      const json = globals(command).json === true;
      if (id !== undefined) {
        const whole = await wholeRevocationId(client, id);
        const answer = await client.request(
          "GET",
          `/api/revocations/${encodeURIComponent(whole)}`,
          revocationAnswer,
        );
        return json ? printJson(context, [answer]) : context.out(`${timelineText(answer, context.now())}\n`);
      }
      const { revocations } = await client.request("GET", "/api/revocations", revocationsAnswer, {
        query: options,
      });
      if (json) return printJson(context, revocations);
      if (revocations.length === 0) return context.err("no revocations\n");
      context.out(
        table(
          [
            { head: `decided (${offsetName(context.now())})` },
            { head: "state" },
            { head: "scope" },
            { head: "subject", shrinks: true },
            { head: "by", shrinks: true },
            { head: "reason", shrinks: true },
            { head: "id", shrinks: true },
          ],
          revocations.map((entry) => [
            localTime(entry.decided_at),
            stateOf(entry, context.now()),
            entry.scope,
            entry.subject,
            entry.by,
            entry.reason,
            context.width === null ? entry.id : entry.id.slice(0, 12),
          ]),
          context.width,
        ),
      );
    });
}
