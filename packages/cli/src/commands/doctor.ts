import { LedgerError } from "@tripline/ledger";
import { terminalLine } from "@tripline/service/escape";
import { type Command, Option } from "commander";
import { z } from "zod";
import { requestLines } from "../api/lines.ts";
import { resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EndedWith, EXIT } from "../exit.ts";
import { printJson, tone } from "../output/print.ts";
import { openLedger } from "../verify/ledger-place.ts";
import { type ArchivedPartition, type SealedPartition, sealedPartitions } from "../verify/sealed.ts";
import { globals } from "./command.ts";
import { atLeast } from "./options.ts";

/** How `doctor` ends. */
const WHOLE = 0;
const FINDINGS = 1;
const NOT_CHECKED = 2;

const EVENTS = "tripline.events";
const TOPICS = [EVENTS, "tripline.alerts", "tripline.incidents", "tripline.revocations"];
const TELL_EVERY_MS = 2_000; // often enough to see that it goes on

const count = z.number();
const findingLine = z.looseObject({
  type: z.literal("finding"),
  kind: z.string(),
  topic: z.string(),
  partition: count,
  offset: count.nullable(),
  to: count.optional(),
  what: z.string(),
  tenant: z.string().optional(),
  id: z.string().optional(),
  producer: z.string().optional(),
  seq: count.optional(),
  time: z.string().optional(),
  rows: z.array(z.string()).optional(),
});
const partitionLine = z.looseObject({
  type: z.literal("partition"),
  topic: z.string(),
  partition: count,
  earliest: count,
  next: count,
  committed: count.nullable(),
  positions: count,
  rows: count,
  resent: count,
  superseded: count.default(0),
  dead_letters: count,
  copied: count,
  replayed_for_another: count,
  tombstones: count,
  erased: count,
  not_yet_stored: count,
  gone_meanwhile: count,
  findings: count,
});
const summaryLine = z.looseObject({
  type: z.literal("summary"),
  state: z.enum(["whole", "findings", "not_checked"]),
  generation: z.string(),
  findings: z.record(z.string(), count),
  not_listed: count,
  positions: count,
  not_yet_stored: count,
  other_generations: z.array(z.looseObject({ generation: z.string(), rows: count })),
  seconds: count,
});
const line = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("progress"),
    topic: z.string(),
    partition: count.nullable(),
    done: count,
    of: count,
  }),
  findingLine,
  partitionLine,
  z.looseObject({ type: z.literal("error"), code: z.string(), message: z.string() }),
  summaryLine,
]);
type Line = z.infer<typeof line>;

interface Options {
  topic?: string;
  partition?: number;
  from?: number;
  to?: number;
}

/** `tripline doctor`: does the store hold what the log holds? */
export function addDoctor(program: Command, context: CommandContext): void {
  program
    .command("doctor")
    .summary("compare the log with the store and the ledger: what is missing, doubled, altered")
    .description(
      "Compares every position of the log with the store's rows, envelope bytes and payloads included. What the archiver has not come to yet is said, and is no finding. Needs the role administer, of who runs the installation. Ctrl-C ends it.\n\n" +
        `Ends with ${WHOLE} when all is whole, ${FINDINGS} with findings, ${NOT_CHECKED} when it could not be checked.`,
    )
    .addOption(new Option("--topic <topic>", "only this one").choices(TOPICS))
    .option("--partition <n>", "only this partition", atLeast(0))
    .option("--from <offset>", "only positions from here on (with --topic and --partition)", atLeast(0))
    .option("--to <offset>", "only positions before there (with --topic and --partition)", atLeast(0))
    .action(async (options: Options, command: Command) => {
      const json = globals(command).json === true;
      const state = await notChecked(() => follow(options, command, json));
      if (state === "findings") throw new EndedWith(FINDINGS);
      if (state === "not_checked") throw new EndedWith(NOT_CHECKED);
    });

  async function follow(options: Options, command: Command, json: boolean): Promise<string> {
    const connection = resolveConnection(globals(command), context);
    const lines = requestLines(connection, "/api/doctor", line, {
      query: { ...options },
      signal: context.signal,
    });
    let toldAt = performance.now();
    let state: string | null = null;
    const archived: ArchivedPartition[] = [];
    for await (const each of lines) {
      if (each.type === "partition" && each.topic === EVENTS) archived.push(each);
      if (each.type === "summary") {
        state = each.state;
        const sealed = await sealedOf(each.generation, archived, command);
        for (const one of sealed)
          json ? printJson(context, [one]) : context.out(`${sealedWords(one, context)}\n`);
        if (state === "whole" && sealed.some(({ beyond }) => beyond > 0)) state = "findings";
      }
      if (json) {
        printJson(context, [each]);
        continue;
      }
      if (each.type === "progress" && performance.now() - toldAt < TELL_EVERY_MS) continue;
      if (each.type === "progress") toldAt = performance.now();
      tell(each, context);
    }
    if (state === null) throw new CommandFailed(EXIT.failure, "the service ended before the doctor was done");
    return state;
  }

  /** Nothing where this machine does not have the ledger, or it is off: that is `tripline verify --ledger`'s to say. */
  async function sealedOf(
    generation: string,
    archived: readonly ArchivedPartition[],
    command: Command,
  ): Promise<SealedPartition[]> {
    try {
      return await sealedPartitions(
        openLedger({ data: globals(command).data }, context),
        generation,
        archived,
      );
    } catch (error) {
      if (!(error instanceof CommandFailed || error instanceof LedgerError)) throw error;
      context.err(`${terminalLine(`the ledger was not looked at: ${error.message}`)}\n`);
      return [];
    }
  }
}

/** A failure to ask is no finding. */
async function notChecked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.exitCode !== EXIT.failure) throw error;
    throw new CommandFailed(EXIT.usage, error.message, error); // as NOT_CHECKED
  }
}

function tell(each: Line, context: CommandContext): void {
  if (each.type === "progress") {
    const where = each.partition === null ? "ids in several rows" : `${each.topic}/${each.partition}`;
    context.err(`${where}: ${each.done} of ${each.of}\n`);
  } else if (each.type === "finding") {
    context.out(`${tone(context, "bad", each.kind.padEnd(8))} ${terminalLine(findingWords(each))}\n`);
  } else if (each.type === "partition") {
    context.out(`${terminalLine(partitionWords(each))}\n`);
  } else if (each.type === "error") {
    context.err(`${terminalLine(`could not check: ${each.message} (${each.code})`)}\n`);
  } else {
    context.out(summaryWords(each, context));
  }
}

function findingWords(finding: z.infer<typeof findingLine>): string {
  const { topic, partition, offset, to, what, tenant, id, producer, seq, time, rows } = finding;
  const place =
    offset === null ? topic : `${topic}/${partition}/${offset}${to === undefined ? "" : `-${to}`}`;
  const about = [
    ["id", id],
    ["tenant", tenant],
    ["producer", producer === undefined ? undefined : `${producer} #${seq ?? "?"}`],
    ["time", time],
    ["at", rows?.join(" ")],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  return `${place}: ${what}${about.length === 0 ? "" : ` (${about.join(", ")})`}`;
}

function partitionWords(report: z.infer<typeof partitionLine>): string {
  const parts: [number, string][] = [
    [report.rows, "rows"],
    [report.resent, "resent"],
    [report.superseded, "earlier versions"],
    [report.dead_letters, "dead letters"],
    [report.copied, "copied"],
    [report.replayed_for_another, "replayed for another step"],
    [report.tombstones, "deleted"],
    [report.erased, "payloads erased under a record"],
    [report.gone_meanwhile, "taken by retention meanwhile"],
    [report.findings, "findings"],
  ];
  const counted = parts.flatMap(([number, what]) => (number === 0 ? [] : [`${number} ${what}`])).join(", ");
  const lag = report.not_yet_stored === 0 ? "" : `; not yet stored: ${report.not_yet_stored}`;
  return `${report.topic}/${report.partition}  log ${report.earliest} to ${report.next}, archived to ${
    report.committed ?? "nothing"
  }: ${report.positions} positions${counted === "" ? "" : `, ${counted}`}${lag}`;
}

function sealedWords(
  { partition, leaves, behind, beyond }: SealedPartition,
  context: CommandContext,
): string {
  const lag = behind === 0 ? "" : `; not yet sealed: ${behind}`;
  const cut =
    beyond === 0
      ? ""
      : `; ${tone(context, "bad", `${beyond} leaves are of positions that the log does not have`)}`;
  return `${EVENTS}/${partition}  ledger: ${leaves} positions sealed${lag}${cut}`;
}

function summaryWords(summary: z.infer<typeof summaryLine>, context: CommandContext): string {
  const { state, findings, not_listed, positions, other_generations, seconds } = summary;
  const counted = Object.entries(findings).flatMap(([kind, number]) =>
    number === 0 ? [] : [`${number} ${kind}`],
  );
  const words = {
    whole: tone(context, "good", "whole"),
    findings: tone(context, "bad", counted.join(", ")),
    not_checked: tone(context, "warn", ["not all could be checked", ...counted].join("; ")),
  };
  const others = other_generations.map(
    ({ generation, rows }) =>
      `rows of an earlier log (${generation}), looked through for doubled ids only: ${rows}\n`,
  );
  const more = not_listed === 0 ? "" : `${not_listed} more findings are not listed\n`;
  return `${others.map((other) => terminalLine(other.trimEnd())).join("\n")}${others.length > 0 ? "\n" : ""}${more}${words[state]}: ${positions} positions in ${seconds} s\n`;
}
