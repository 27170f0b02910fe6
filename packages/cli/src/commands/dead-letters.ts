import { terminalLine } from "@tripline/service/escape";
import { type Command, Option } from "commander";
import type { ApiClient } from "../api/client.ts";
import {
  deadLetterAnswer,
  deadLetterBytesAnswer,
  deadLetterDecideAnswer,
  deadLettersAnswer,
} from "../api/dead-letter-answers.ts";
import { wholeDeadLetterId } from "../api/short-ids.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { lettersTable, showBytes, showLetter } from "../output/dead-letter.ts";
import { printJson } from "../output/print.ts";
import { parseWhen, WHEN_HELP } from "../time/when.ts";
import { connect, globals } from "./command.ts";
import { atLeast, whenOption } from "./options.ts";

interface ListOptions {
  topic?: string;
  step?: string;
  reason?: string;
  state?: string;
  since?: string;
  until?: string;
  limit?: number;
}

interface DecideOptions {
  topic?: string;
  step?: string;
  reason?: string;
  before?: string;
  why?: string;
  dryRun?: boolean;
  count?: number;
}

/** `tripline dead-letters …`: records that a step could not use. */
export function addDeadLetters(program: Command, context: CommandContext): void {
  const group = program
    .command("dead-letters")
    .summary("records that a step could not use: list, show, replay, discard")
    .description(
      "A record that a step can't use is set aside with its bytes and the reason, and the rest flows on. Nothing is lost: mend the cause, then replay it.",
    );

  group
    .command("list")
    .description("Lists dead letters, newest first; open ones unless --state says otherwise.")
    .option("--topic <topic>", "only from this topic, e.g. tripline.events")
    .option("--step <step>", "only those that this step refused, e.g. archiver-events")
    .option("--reason <code>", "only with this reason, e.g. invalid")
    .addOption(
      new Option("--state <state>", "only these (default: open)").choices([
        "open",
        "replayed",
        "discarded",
        "all",
      ]),
    )
    .addOption(whenOption("since", context))
    .addOption(whenOption("until", context))
    .option("--limit <n>", "at most this many, up to 500 (default 50)", atLeast(1))
    .action(async ({ state = "open", ...options }: ListOptions, command: Command) => {
      const { dead_letters, next } = await connect(command, context).request(
        "GET",
        "/api/dead-letters",
        deadLettersAnswer,
        { query: { ...options, ...(state === "all" ? {} : { state }) } },
      );
      if (globals(command).json === true) return printJson(context, dead_letters);
      if (dead_letters.length === 0) return context.err("no dead letters\n");
      context.out(lettersTable(dead_letters, context));
      if (next !== null) context.err("there are more: narrow it, or raise --limit\n");
    });

  group
    .command("show <id>")
    .description(
      "Tells one dead letter (its first digits are enough): what was wrong, where, whether it would be accepted now, what to do.",
    )
    .option(
      "--bytes",
      "also the original as it came, never redacted (needs read_payload; the reading is recorded)",
    )
    .action(async (id: string, options: { bytes?: boolean }, command: Command) => {
      const client = connect(command, context);
      const path = `/api/dead-letters/${await wholeDeadLetterId(client, id)}`;
      const answer = await client.request("GET", path, deadLetterAnswer);
      const bytes =
        options.bytes === true ? await client.request("GET", `${path}/bytes`, deadLetterBytesAnswer) : null;
      if (globals(command).json === true) {
        return printJson(context, [bytes === null ? answer : { ...answer, original: bytes }]);
      }
      showLetter(answer, context);
      if (bytes !== null) showBytes(bytes, context);
    });

  for (const [name, does, example] of [
    [
      "replay",
      "Writes the originals to their topics again, for the step that refused them; in their order. Needs the role administer.",
      "tripline dead-letters replay --reason forged --why 'the former key is configured' --count 3",
    ],
    [
      "discard",
      "Gives letters up: they are no longer open. Their bytes stay until their retention. Needs the role administer.",
      "tripline dead-letters discard --step unknown --why 'written by hand while testing' --count 1",
    ],
  ] as const) {
    group
      .command(`${name} [id...]`)
      .description(`${does}\n\nGive ids, or filters for all open letters that match.\n\nExample: ${example}`)
      .requiredOption("--why <text>", "why, for the audit trail")
      .option("--topic <topic>", "open letters from this topic")
      .option("--step <step>", "open letters that this step refused")
      .option("--reason <code>", "open letters with this reason")
      .addOption(beforeOption(context))
      .option("--dry-run", "only say how many")
      .option(
        "--count <n>",
        "how many letters you expect the filters to hold; without it nothing is done",
        atLeast(0),
      )
      .action(async (ids: string[], options: DecideOptions, command: Command) => {
        const client = connect(command, context);
        const outcome = await decide(client, name, ids, options, context);
        if (globals(command).json === true) printJson(context, [outcome]);
        else if (options.dryRun === true) context.out(`${outcome.letters} letters\n`);
        else {
          context.out(
            `${outcome.done} of ${outcome.letters} ${name === "replay" ? "replayed" : "discarded"}\n`,
          );
          for (const { id, message } of outcome.refused)
            context.err(`${terminalLine(`${id}: ${message}`)}\n`);
        }
        if (outcome.refused.length > 0) {
          throw new CommandFailed(EXIT.failure, `${outcome.refused.length} letters were refused`);
        }
      });
  }
}

interface Outcome {
  letters: number;
  done: number;
  refused: { id: string; code: string; message: string }[];
}

const MAX_IDS = 200; // of one request; the service's own limit

async function decide(
  client: ApiClient,
  name: "replay" | "discard",
  ids: readonly string[],
  { why, dryRun, count, ...filters }: DecideOptions,
  context: CommandContext,
): Promise<Outcome> {
  if (ids.length === 0 && Object.values(filters).every((value) => value === undefined)) {
    throw new CommandFailed(EXIT.usage, "name the letters: ids, or --topic, --step, --reason, --before");
  }
  if (ids.length > MAX_IDS) throw new CommandFailed(EXIT.usage, `give at most ${MAX_IDS} ids at once`);
  const whole: string[] = [];
  for (const id of ids) whole.push(await wholeDeadLetterId(client, id));
  const body = { why, ...(ids.length > 0 ? { ids: whole } : filters) };
  const ask = (more: object) =>
    client.request("POST", `/api/dead-letters/${name}`, deadLetterDecideAnswer, {
      body: { ...body, ...more },
    });
  if (dryRun === true || (ids.length === 0 && count === undefined)) {
    const { letters } = await ask({ dry_run: true });
    if (dryRun === true) return { letters, done: 0, refused: [] };
    throw new CommandFailed(EXIT.usage, `the filters hold ${letters} letters; to go on: --count ${letters}`);
  }
  const outcome: Outcome = { letters: 0, done: 0, refused: [] };
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const answer = await ask({
      ...(cursor === undefined ? {} : { cursor }),
      ...(count === undefined ? {} : { expect: count }),
    });
    if (cursor === undefined) outcome.letters = answer.letters;
    outcome.done += answer.done.length;
    outcome.refused.push(...answer.refused);
    cursor = answer.next;
    if (cursor !== null) context.err(`${outcome.done} of ${outcome.letters}\n`);
  }
  return outcome;
}

function beforeOption(context: CommandContext): Option {
  return new Option("--before <when>", `open letters written before then: ${WHEN_HELP}`).argParser(
    (text: string) => {
      const parsed = parseWhen(text, "since", context.now());
      if (parsed === null)
        throw new CommandFailed(EXIT.usage, `--before: not a time I understand. Try: ${WHEN_HELP}.`);
      return parsed;
    },
  );
}
