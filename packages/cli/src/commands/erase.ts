import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { eraseAnswer, erasureAnswer, erasuresAnswer } from "../api/erasure-answers.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { coversWords, erasuresTable, showCopies } from "../output/erasure.ts";
import { printJson } from "../output/print.ts";
import { parseWhen } from "../time/when.ts";
import { connect, globals } from "./command.ts";
import { atLeast, whenOption } from "./options.ts";

interface EraseOptions {
  reason: string;
  until?: string;
  dryRun?: boolean;
  yes?: boolean;
}

type Target = { principal?: string; session?: string; records?: readonly string[]; before?: string };

const MAX_LISTED = 100; // the service's own limit

/** `tripline erase …`: payloads and names, by a record that says so. */
export function addErase(program: Command, context: CommandContext): void {
  const group = program
    .command("erase")
    .summary("erase payloads and names: by principal, session, record or age; list, show")
    .description(
      "Erases payloads (arguments, results, error texts), and of a principal the names in the directory. Envelopes stay, with subject ids. " +
        "What is erased is a record of its own, in the log and sealed like every other: `tripline verify` says ERASED where it covers a payload, and no replay brings it back. " +
        "Needs the role erase; a legal hold prevents it.",
    );

  const erase = async (target: Target, options: EraseOptions, command: Command): Promise<void> => {
    if (options.dryRun !== true && options.yes !== true) {
      throw new CommandFailed(EXIT.usage, "it can't be undone: look with --dry-run, then say --yes");
    }
    const { reason, dryRun = false, until } = options;
    const answer = await connect(command, context).request("POST", "/api/erasures", eraseAnswer, {
      body: { ...target, ...(until === undefined ? {} : { before: until }), reason, dry_run: dryRun },
    });
    if (globals(command).json === true) return printJson(context, [answer]);
    const { left, covers, id, holds } = answer;
    const what = terminalLine(coversWords(covers));
    context.out(`${what}: ${left.payloads} payloads, ${left.names} names stored\n`);
    if (left.held > 0) {
      context.out(`${left.held} payloads stay under a legal hold (${terminalLine(holds.join(", "))})\n`);
    }
    context.out(
      id === null ? "dry run: nothing was erased\n" : `erased under the record ${terminalLine(id)}\n`,
    );
    showCopies(answer.copies, context);
  };

  const command = (usage: string, description: string) =>
    group
      .command(usage)
      .description(description)
      .requiredOption("--reason <text>", "why, for the audit trail")
      .option("--dry-run", "only say what it would be about, and which other copies there are")
      .option("--yes", "do it; it can't be undone");

  command(
    "principal <who>",
    "Erases what was done on a person's behalf, and the person's names. WHO is a subject id (sub_…), or with the role read_payload a name or address that only one person has.\n\n" +
      "Example: tripline erase principal ada@example.com --reason 'asked us to, ticket 4711' --yes",
  )
    .addOption(whenOption("until", context))
    .action((who: string, options: EraseOptions, self: Command) => erase({ principal: who }, options, self));

  command("session <id>", "Erases the payloads of a session.")
    .addOption(whenOption("until", context))
    .action((id: string, options: EraseOptions, self: Command) => erase({ session: id }, options, self));

  command("records <id...>", "Erases the payloads of these records, by their whole ids.").action(
    (ids: string[], options: EraseOptions, self: Command) => erase({ records: ids }, options, self),
  );

  command(
    "before <when>",
    "Erases all payloads of the tenant from before a time, earlier than their retention would.",
  ).action((when: string, options: EraseOptions, self: Command) => {
    const before = parseWhen(when, "since", context.now());
    if (before === null) throw new CommandFailed(EXIT.usage, `${when} is not a time I understand`);
    return erase({ before }, options, self);
  });

  group
    .command("list")
    .description("Lists erasures and retentions, newest first, with what is left of each.")
    .option("--limit <n>", `at most this many, up to ${MAX_LISTED} (default 20)`, atLeast(1))
    .action(async (options: { limit?: number }, self: Command) => {
      const query = options.limit === undefined ? {} : { limit: options.limit };
      const { erasures } = await connect(self, context).request("GET", "/api/erasures", erasuresAnswer, {
        query,
      });
      if (globals(self).json === true) return printJson(context, erasures);
      if (erasures.length === 0) return context.err("nothing was erased\n");
      context.out(erasuresTable(erasures, context));
    });

  group
    .command("show <id>")
    .description("Tells one erasure: how far it is, every other copy, and when each ends.")
    .action(async (id: string, _options: unknown, self: Command) => {
      const path = `/api/erasures/${encodeURIComponent(id)}`;
      const answer = await connect(self, context).request("GET", path, erasureAnswer);
      if (globals(self).json === true) return printJson(context, [answer]);
      const { covers, state, left, by, reason } = answer.erasure;
      context.out(`${terminalLine(`${coversWords(covers)}, by ${by}: ${state}`)}\n`);
      if (reason !== null) context.out(`${terminalLine(`reason: ${reason}`)}\n`);
      context.out(
        `left: ${left.payloads} payloads, ${left.names} names; under a legal hold: ${left.held} payloads\n`,
      );
      showCopies(answer.copies, context);
    });
}
