import type { StatedBaseline } from "@tripline/detection";
import { TriplineError } from "@tripline/events";
import type { Command } from "commander";
import { z } from "zod";
import { resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { historyRecords } from "../rules/history-records.ts";
import { namedRules, ruleTexts } from "../rules/rule-paths.ts";
import { parseWhen } from "../time/when.ts";
import { connect, globals } from "./command.ts";
import { whenOption } from "./options.ts";

const DEFAULT_SINCE = "30d";
const LOOK_EVERY = 256; // records between two looks at the clock
const AT_ONCE = 50; // baselines of one request
const statedAnswer = z.object({ stated: z.number() });

/** `tripline baselines …`: what is usual of keys. */
export function addBaselines(program: Command, context: CommandContext): void {
  const group = program
    .command("baselines")
    .summary("what is usual of keys: seed")
    .description(
      "Rules of the kind `spike` judge a key by its own past, which they learn. Needs the role administer.",
    );
  group
    .command("seed [rules...]")
    .summary("learn from what was recorded, so that nothing has to be learned first")
    .description(
      "Judges stored records by the shipped rules of the kind `spike`, or by these rules (files, or names of shipped ones), " +
        "and states what has become usual of each key as records, which the detector takes up. Seeding again changes only " +
        "what is known better now. Rules that group by neither credential nor session learn for themselves. Reads " +
        "arguments and results: needs the roles administer and read_payload. The tenant is that of the token.\n\n" +
        "Example: tripline baselines seed --since 30d",
    )
    .addOption(whenOption("since", context))
    .action(async (names: string[], options: { since?: string }, command: Command) => {
      const connection = resolveConnection(globals(command), context);
      const since = options.since ?? parseWhen(DEFAULT_SINCE, "since", context.now()) ?? "";
      const until = context.now().toISOString();
      const { records, baselines } = await learned(names, { since, until }, connection, context);
      const client = connect(command, context);
      let stated = 0;
      for (let first = 0; first < baselines.length; first += AT_ONCE) {
        const some = baselines.slice(first, first + AT_ONCE);
        const answer = await client.request("POST", "/api/baselines", statedAnswer, {
          body: { baselines: some },
        });
        stated += answer.stated;
      }
      if (globals(command).json === true) return printJson(context, [{ records, stated, since, until }]);
      context.out(`${records} records looked at, ${stated} baselines stated\n`);
    });
}

async function learned(
  names: readonly string[],
  { since, until }: { since: string; until: string },
  connection: Parameters<typeof historyRecords>[0],
  context: CommandContext,
): Promise<{ records: number; baselines: StatedBaseline[] }> {
  const { baselinesIn, createDetection, parseRules, SHIPPED_RULES } = await import("@tripline/detection"); // late: costs each command 80 ms
  const texts = names.length === 0 ? ruleTexts([], SHIPPED_RULES) : namedRules(names, SHIPPED_RULES);
  const rules = readRules(() => parseRules(texts)).filter(({ kind }) => kind === "spike");
  if (rules.length === 0) throw new CommandFailed(EXIT.usage, "none of these rules is of the kind `spike`");
  const detection = createDetection(rules, { incidents: null });
  const state = detection.initialState();
  const progress = new Progress(context);
  const [from, span] = [Date.parse(since), Math.max(1, Date.parse(until) - Date.parse(since))];
  let records = 0;
  try {
    for await (const input of historyRecords(connection, { since, until }, context.signal)) {
      detection.step(state, input);
      records += 1;
      if (records % LOOK_EVERY === 0)
        progress.show((Date.parse(input.record.envelope.time) - from) / span, `${records} records`);
    }
  } finally {
    progress.end();
  }
  return { records, baselines: baselinesIn(state) };
}

function readRules<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    throw new CommandFailed(EXIT.failure, error.message, error);
  }
}
