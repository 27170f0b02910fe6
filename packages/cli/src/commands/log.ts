import { KAFKA_PARTITIONS } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import {
  beginAnew,
  checkLog,
  cutOver,
  embeddedPaths,
  type Log,
  logKind,
  parseGeneration,
} from "@tripline/stream";
import { type Command, InvalidArgumentError } from "commander";
import { dataDirectory } from "../connection/client-file.ts";
import { addConfigOptions, commandConfig } from "../connection/config-options.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import {
  checkIsThere,
  type DirectLogConfig,
  directLogConfig,
  logName,
  openDirect,
  saying,
} from "../log/direct-log.ts";
import { type Asked, askLog, type Standing, untilWorkedOff } from "../log/standing.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { globals } from "./command.ts";
import { atLeast } from "./options.ts";

const HOUR_MS = 3_600_000;

interface MoveOptions {
  to?: string;
  partitions?: number;
  history?: number;
  beside?: boolean;
}

/** `tripline log …`: where the log stands, and moving it. */
export function addLog(program: Command, context: CommandContext): void {
  const group = program
    .command("log")
    .summary("the log: status, check; drain, cutover, reopen; begin-anew")
    .description(
      "Works on the embedded log of the data directory, through the service while it runs (role administer), or on Kafka itself, with " +
        "the configuration of the services (TRIPLINE_LOG, TRIPLINE_KAFKA_…). docs/move-the-log.md goes through a move.",
    );

  addConfigOptions(group.command("status"), directLogConfig)
    .description(
      "Says which generation of the log is in use, its state, and what is left to be worked off by whom.",
    )
    .action((_options: unknown, command: Command) =>
      asking(command, context, async (log) => show(await log.standing(), command, context)),
    );

  addConfigOptions(group.command("drain"), directLogConfig)
    .option("--no-wait", "do not wait until everything is worked off")
    .description(
      "Takes no more records from producers, whose spools keep them, and waits until what is in the log is worked off. The first step of a move.",
    )
    .action(({ wait }: { wait: boolean }, command: Command) =>
      asking(command, context, async (log) => {
        let standing = await log.drain();
        if (wait && log.served) standing = await untilWorkedOff(log, context);
        show(standing, command, context);
        context.err("drained: stop the services, then run `tripline log cutover`\n");
      }),
    );

  addConfigOptions(group.command("cutover"), directLogConfig)
    .option("--to <log>", "where the log goes on: kafka://host:port; default: the same Kafka, in new topics")
    .option(
      "--partitions <n>",
      `partitions of its topics (default: ${KAFKA_PARTITIONS}, or as many as now)`,
      atLeast(1),
    )
    .option(
      "--history <time>",
      "how much of what is worked off goes along, e.g. 24h: what rules may look back (default 24h)",
      hours,
    )
    .option("--beside", "begin beside records that are at the target already and belong to no Tripline")
    .description(
      "Moves a drained log, with all services stopped: copies what the next generation needs, opens that, closes this one. Killed at " +
        "any moment it leaves one of the two in use and whole, and can be run again.\n\nExample: tripline log cutover --to kafka://broker:9092 --partitions 12",
    )
    .action((options: MoveOptions, command: Command) => move(options, command, context));

  addConfigOptions(group.command("reopen"), directLogConfig)
    .option("--to <log>", "where the log had been moved to, if that is another one")
    .description("Takes back a drain, or a cutover after which no service has written to the new log yet.")
    .action(({ to }: MoveOptions, command: Command) =>
      asking(command, context, async (log) => {
        const config = commandConfig(directLogConfig, command, context);
        const goal = to === undefined ? null : await openDirect(config, { url: checkedLog(to), dataDir: "" });
        try {
          show(await log.reopen(goal), command, context);
        } finally {
          await goal?.close();
        }
      }),
    );

  group
    .command("check")
    .description(
      "Reads every record of the embedded log, with the service stopped, and says whether all are there and as they were stored.",
    )
    .action(async (_options: unknown, command: Command) => {
      const dataDir = dataDirectory(globals(command).data, context.env, context.home);
      checkIsThere(dataDir);
      const records = await saying(async () => checkLog(embeddedPaths(dataDir).directory));
      if (globals(command).json === true) return printJson(context, [{ records }]);
      context.out(`${records} records, all there and as they were stored\n`);
    });

  group
    .command("begin-anew")
    .option("--yes", "do it: what the old log held, and the store does not, is lost")
    .description(
      "For an embedded log that is lost or damaged and has no backup: puts its file aside, and the next start begins an empty log " +
        "under a new number. The service must be stopped.",
    )
    .action(async ({ yes }: { yes?: boolean }, command: Command) => {
      const dataDir = dataDirectory(globals(command).data, context.env, context.home);
      if (yes !== true) {
        throw new CommandFailed(
          EXIT.usage,
          `this gives up what the log in ${dataDir} holds and the store does not, revocations included: say --yes if there is no backup`,
        );
      }
      const begun = await saying(async () => beginAnew(embeddedPaths(dataDir), context.now()));
      if (globals(command).json === true) return printJson(context, [begun]);
      const aside = begun.aside === null ? "" : `; the old file is ${begun.aside}`;
      context.out(`the next start begins ${begun.generation}${aside}\n`);
    });
}

async function asking(
  command: Command,
  context: CommandContext,
  work: (log: Asked) => Promise<void>,
): Promise<void> {
  const log = await askLog(command, context);
  try {
    await work(log);
  } finally {
    await log.close();
  }
}

async function move(options: MoveOptions, command: Command, context: CommandContext): Promise<void> {
  const config = commandConfig(directLogConfig, command, context);
  const dataDir = dataDirectory(globals(command).data, context.env, context.home);
  const to = options.to === undefined ? config.log : checkedLog(options.to);
  if (logKind(to) === "embedded") {
    throw new CommandFailed(EXIT.usage, "name the log to move to: --to kafka://host:port");
  }
  await saying(async () => {
    const source = await openDirect(config, { url: config.log, dataDir });
    let target: Log | null = null;
    try {
      target = await openTarget(config, { source, to });
      const done = await cutOver({
        source,
        target,
        ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
        ...(options.history === undefined ? {} : { historyMs: options.history }),
        besideOthers: options.beside === true,
        ...(logKind(config.log) === "embedded" ? { quietMs: 0 } : {}),
        onProgress: (message) => context.err(`${terminalLine(message)}\n`),
      });
      if (globals(command).json === true) return printJson(context, [done]);
      context.out(`${logName(config.log, dataDir)}: ${done.from} is closed and goes on in ${done.to}\n`);
      context.err(`start the services with TRIPLINE_LOG=${terminalLine(to)}\n`);
    } finally {
      if (target !== source) await target?.close();
      await source.close();
    }
  });
}

/** The same object for the same log, however it is named. */
async function openTarget(
  config: DirectLogConfig,
  { source, to }: { source: Log; to: string },
): Promise<Log> {
  if (to === config.log) return source;
  const target = await openDirect(config, { url: to, dataDir: "" });
  if (parseGeneration(target.generation).log !== parseGeneration(source.generation).log) return target;
  await target.close();
  return source;
}

function show(standing: Standing, command: Command, context: CommandContext): void {
  if (globals(command).json === true) {
    printJson(context, [standing]);
    return;
  }
  const moved = standing.movedTo === undefined ? "" : `, moved to ${standing.movedTo}`;
  context.out(`${terminalLine(`${standing.generation}: ${standing.state}${moved}`)}\n`);
  context.out(
    table(
      [{ head: "topic" }, { head: "group" }, { head: "behind" }],
      standing.followers.map(({ topic, group, behind }) => [topic, group, String(behind)]),
      context.width,
    ),
  );
}

function hours(text: string): number {
  const [, number, unit] = /^(\d{1,6})(h|d)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("expected hours or days, e.g. 24h or 3d.");
  return Number(number) * HOUR_MS * (unit === "d" ? 24 : 1);
}

function checkedLog(url: string): string {
  if (directLogConfig.shape.log.safeParse(url).success) return url;
  throw new CommandFailed(EXIT.usage, `"${url}" names no log: use kafka://host:port[,host:port]`);
}
