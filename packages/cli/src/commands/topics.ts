import { TriplineError } from "@tripline/events";
import { ConfigError, kafkaAccessKeys, kafkaKeys, logKeys } from "@tripline/service";
import {
  acceptLostRange,
  findLostRange,
  type GroupPartition,
  kafkaAccess,
  kafkaBrokers,
  LOG_BOOK_TOPIC,
  logKind,
  openLog,
  openTopicAdmin,
  type TopicAdmin,
  type TopicDifference,
  type TopicSpec,
  type TopicWishes,
  triplineTopics,
} from "@tripline/stream";
import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { dataDirectory } from "../connection/client-file.ts";
import { addConfigOptions, commandConfig } from "../connection/config-options.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { checkIsThere } from "../log/direct-log.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { globals } from "./command.ts";
import { atLeast } from "./options.ts";

const CLIENT_ID = "tripline-topics";
const DAY_MS = 86_400_000;
/** Where a log keeps what it has to know of itself. */
const LOG_BOOK: TopicSpec = { name: LOG_BOOK_TOPIC, partitions: 1, cleanup: "compact" };
const topicsConfig = z.object({ log: kafkaKeys.log, partitions: kafkaKeys.partitions, ...kafkaAccessKeys });
const gapConfig = z.object({ log: logKeys.log, ...kafkaAccessKeys });

interface GapOptions {
  group: string;
  range?: Range;
}

interface WishOptions {
  copies?: number;
  minInSync?: number;
  retentionDays?: number;
}

/** `tripline topics …`: Kafka's topics, made and checked by an operator and never by accident. */
export function addTopics(program: Command, context: CommandContext): void {
  const group = program
    .command("topics")
    .summary("Kafka topics: check, apply; accept a loss")
    .description(
      "Talks to Kafka itself, with the configuration of the services (TRIPLINE_LOG, TRIPLINE_KAFKA_…).",
    );

  wishes(group.command("check"))
    .description(
      `Says what is missing or different; changes nothing. Ends with ${EXIT.failure} when something is.\n\nExample: tripline topics check --log kafka://broker:9092`,
    )
    .action(async (_options: unknown, command: Command) => {
      await withAdmin(command, context, async (admin, wanted) => {
        const found = await admin.check(wanted);
        show(found, command, context);
        if (found.length > 0)
          throw new CommandFailed(EXIT.failure, `${found.length} differences: run \`tripline topics apply\``);
      });
    });

  wishes(group.command("apply"))
    .description(
      "Creates topics that are missing and changes settings that can be changed without losing a record. Never changes partitions, " +
        `shortens a retention or turns a log into a table; ends with ${EXIT.failure} when that is what is left.`,
    )
    .action(async (_options: unknown, command: Command) => {
      await withAdmin(command, context, async (admin, wanted) => {
        show(await admin.apply(wanted), command, context);
        const left = await admin.check(wanted);
        if (left.length === 0) return;
        const [first] = left;
        throw new CommandFailed(
          EXIT.failure,
          `left as it is: ${left.map(({ topic, what, found, wanted: want }) => `${topic} has ${what} ${found}, not ${want}`).join("; ")}. ${first?.byHand ?? ""}`,
        );
      });
    });

  addConfigOptions(group.command("accept-gap <topic> <partition>"), gapConfig)
    .description(
      "Lets a group go on behind records that the log lost (alert log-range-lost). Without --range it says what is lost. Stop the " +
        "services that read as the group first; what the group keeps for the partition (a detector's state) begins anew.\n\n" +
        "Example: tripline topics accept-gap tripline.events 3 --group archiver --range 1200-1350",
    )
    .requiredOption("--group <group>", "the consumer group that stands still, as the alert names it")
    .option(
      "--range <from-to>",
      "exactly what is lost, as the alert names it: from, up to and without to",
      range,
    )
    .action(async (topic: string, text: string, options: GapOptions, command: Command) => {
      const where = { topic, partition: atLeast(0)(text), group: options.group };
      await plainly(() => acceptGap(where, options.range, command, context));
    });
}

async function acceptGap(
  where: GroupPartition,
  accepted: Range | undefined,
  command: Command,
  context: CommandContext,
): Promise<void> {
  const config = commandConfig(gapConfig, command, context);
  const kafka = await kafkaAccess(config, { clientId: CLIENT_ID });
  const dataDir = dataDirectory(globals(command).data, context.env, context.home);
  if (logKind(config.log) === "embedded") checkIsThere(dataDir);
  const log = await openLog({ url: config.log, dataDir, kafka });
  const place = `${where.topic}/${where.partition}`;
  try {
    if (accepted !== undefined) {
      await acceptLostRange(log, where, accepted);
      context.err(
        `${where.group} goes on in ${place} without offsets ${accepted.from} to ${accepted.to - 1}\n`,
      );
      return;
    }
    const lost = await findLostRange(log, where);
    if (lost === null) {
      context.err(`nothing is lost in ${place} for ${where.group}\n`);
      return;
    }
    const { from, to, how } = lost;
    context.out(`${how} ${from}-${to}\n`);
    throw new CommandFailed(EXIT.failure, `${to - from} records are lost: accept with --range ${from}-${to}`);
  } finally {
    await log.close();
  }
}

/** What Kafka and the configuration say, as a sentence for the person who typed the command. */
async function plainly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ConfigError) {
      const problems = error.problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
      throw new CommandFailed(EXIT.usage, problems, error);
    }
    if (error instanceof TriplineError) throw new CommandFailed(EXIT.failure, error.message, error);
    throw error;
  }
}

function wishes(command: Command): Command {
  return addConfigOptions(command, topicsConfig)
    .option(
      "--copies <n>",
      "copies of each partition (default: 3, or as many as there are brokers)",
      atLeast(1),
    )
    .option(
      "--min-in-sync <n>",
      "copies that must have a record before it counts (default: all but one)",
      atLeast(1),
    )
    .option("--retention-days <n>", "how long records stay in topics that forget (default: 7)", atLeast(1));
}

function withAdmin(
  command: Command,
  context: CommandContext,
  work: (admin: TopicAdmin, wanted: TopicWishes) => Promise<void>,
): Promise<void> {
  return plainly(() => openAndWork(command, context, work));
}

async function openAndWork(
  command: Command,
  context: CommandContext,
  work: (admin: TopicAdmin, wanted: TopicWishes) => Promise<void>,
): Promise<void> {
  const config = commandConfig(topicsConfig, command, context);
  const { copies, minInSync, retentionDays } = command.opts<WishOptions>();
  const all = [...triplineTopics(config.partitions), LOG_BOOK];
  const specs = all.map((spec) =>
    spec.retentionMs === undefined || retentionDays === undefined
      ? spec
      : { ...spec, retentionMs: retentionDays * DAY_MS },
  );
  const access = await kafkaAccess(config, { clientId: CLIENT_ID });
  const admin = await openTopicAdmin({ ...access, brokers: kafkaBrokers(config.log) });
  try {
    await work(admin, {
      specs,
      ...(copies === undefined ? {} : { replicationFactor: copies }),
      ...(minInSync === undefined ? {} : { minInSync }),
    });
  } finally {
    await admin.close();
  }
}

function show(found: readonly TopicDifference[], command: Command, context: CommandContext): void {
  if (globals(command).json === true) {
    printJson(context, found);
    return;
  }
  if (found.length === 0) return;
  context.out(
    table(
      [
        { head: "topic" },
        { head: "what" },
        { head: "found" },
        { head: "wanted" },
        { head: "by hand", shrinks: true },
      ],
      found.map((each) => [each.topic, each.what, each.found, each.wanted, each.byHand ?? ""]),
      context.width,
    ),
  );
}

interface Range {
  from: number;
  to: number;
}

function range(text: string): Range {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  if (from === undefined || Number(from) >= Number(to))
    throw new InvalidArgumentError("expected from-to, e.g. 1200-1350.");
  return { from: Number(from), to: Number(to) };
}
