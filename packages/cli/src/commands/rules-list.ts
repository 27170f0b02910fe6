import { rulesChangedSchema } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson, tone } from "../output/print.ts";
import { table } from "../output/table.ts";
import { localTime } from "../time/show.ts";
import { parseWhen, WHEN_HELP } from "../time/when.ts";
import { connect, globals } from "./command.ts";

const setSchema = z.looseObject({
  number: z.number(),
  set: z.string(),
  since: z.string(),
  rules: rulesChangedSchema,
});
const rulesAnswer = z.looseObject({
  in_force: setSchema.nullable(),
  changes: z.array(
    z.looseObject({ number: z.number(), set: z.string(), since: z.string(), problems: z.number() }),
  ),
});

/** `tripline rules list`: what is in force, and since when. */
export function addRulesList(group: Command, context: CommandContext): void {
  group
    .command("list")
    .summary("the rules in force, their versions, and since when")
    .description(
      "Shows which rules judge, as the records say: each with its severity, the hash of its version and when that came. Also " +
        "what is switched off, and which files can't be used.",
    )
    .addOption(atOption(context))
    .option("--changes", "when the rules changed, latest first")
    .action(async (options: { at?: string; changes?: boolean }, command: Command) => {
      const answer = await connect(command, context).request("GET", "/api/rules", rulesAnswer, {
        query: { at: options.at },
      });
      if (globals(command).json === true) return printJson(context, [answer]);
      if (answer.in_force === null)
        throw new CommandFailed(
          EXIT.not_found,
          "no set of rules is stored yet: has a detector been started?",
        );
      if (options.changes === true) context.out(changesTable(answer.changes, context));
      else context.out(setText(answer.in_force, answer.changes, context));
    });
}

function atOption(context: CommandContext): Option {
  return new Option("--at <when>", `what was in force then: ${WHEN_HELP}`).argParser((text: string) => {
    const parsed = parseWhen(text, "since", context.now());
    if (parsed === null) throw new InvalidArgumentError(`not a time I understand. Try: ${WHEN_HELP}.`);
    return parsed;
  });
}

type Answer = z.infer<typeof rulesAnswer>;

function changesTable(changes: Answer["changes"], context: CommandContext): string {
  return table(
    [
      { head: "SINCE" },
      { head: "SET", align: "right" },
      { head: "HASH" },
      { head: "PROBLEMS", align: "right" },
    ],
    changes.map(({ number, set, since, problems }) => [
      localTime(since),
      String(number),
      set.slice(0, 12),
      String(problems),
    ]),
    context.width,
  );
}

function setText(
  { number, set, since, rules }: NonNullable<Answer["in_force"]>,
  changes: Answer["changes"],
  context: CommandContext,
): string {
  const cameAt = new Map(changes.map((change) => [change.number, change.since]));
  const rows = rules.list.map((rule) => {
    const came = cameAt.get(rule.since);
    return [
      rule.id,
      rule.level,
      rule.shipped ? "shipped" : "own",
      rule.hash.slice(0, 12),
      came === undefined ? `set ${rule.since}` : localTime(came),
    ];
  });
  const columns = [
    { head: "RULE", shrinks: true },
    { head: "SEVERITY" },
    { head: "FROM" },
    { head: "VERSION" },
    { head: "SINCE" },
  ];
  const lines = [
    `set ${number} (${set.slice(0, 12)}), in force since ${localTime(since)}: ${rules.list.length} rules`,
    ...(rules.disabled.length === 0
      ? []
      : [`switched off: ${rules.disabled.map((name) => terminalLine(name)).join(", ")}`]),
    ...(rules.exceptions === 0 ? [] : [`exceptions: ${rules.exceptions}`]),
    ...rules.problems.map(
      ({ file, message }) => `${tone(context, "bad", "broken")} ${terminalLine(`${file}: ${message}`)}`,
    ),
  ];
  return `${lines.join("\n")}\n${table(columns, rows, context.width)}`;
}
