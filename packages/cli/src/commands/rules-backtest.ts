import { type Alert, SEVERITIES, TriplineError } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson, severityTone, tone } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { Backtest, type BacktestFigures } from "../rules/backtest-run.ts";
import { historyRecords } from "../rules/history-records.ts";
import { namedRules } from "../rules/rule-paths.ts";
import { duration, localTime } from "../time/show.ts";
import { parseWhen } from "../time/when.ts";
import { globals } from "./command.ts";
import { atLeast, whenOption } from "./options.ts";

const DEFAULT_SINCE = "30d"; // as long as payloads are kept by default
const DEFAULT_SHOWN = 20;
const LOOK_EVERY = 256; // records between two looks at the clock

interface Options {
  since?: string;
  until?: string;
  limit: number;
  internalHosts?: string[];
}

/** `tripline rules backtest RULE…`: what rules would have raised on what was recorded. */
export function addRulesBacktest(group: Command, context: CommandContext): void {
  group
    .command("backtest <rules...>")
    .summary("what rules would have raised on what was recorded")
    .description(
      "Judges stored records by rule files (or shipped rules, by name), installed or not, in the order in which they " +
        "happened, each rule from an empty state, and says which alerts that would have been. Reads arguments and results: " +
        "needs the role read_payload, and every page that is read is recorded. The tenant is that of the token.\n\n" +
        "Example: tripline rules backtest my-rules/print.yaml --since 7d",
    )
    .addOption(whenOption("since", context))
    .addOption(whenOption("until", context))
    .option("--limit <n>", "show so many alerts, the latest", atLeast(0), DEFAULT_SHOWN)
    .option("--internal-hosts <names>", "domains of your own, as the detector has them", (text: string) =>
      text.split(","),
    )
    .action(async (names: string[], options: Options, command: Command) => {
      const connection = resolveConnection(globals(command), context);
      const json = globals(command).json === true;
      const detection = await import("@tripline/detection"); // late: costs each command 80 ms
      const rules = readRules(namedRules(names, detection.SHIPPED_RULES), detection.parseRules);
      const since = options.since ?? parseWhen(DEFAULT_SINCE, "since", context.now()) ?? "";
      const until = options.until ?? context.now().toISOString();
      const internalHosts = options.internalHosts ?? [];
      const run = new Backtest(
        detection.createDetection(rules, { internalHosts, incidents: null, tellAll: true }),
      );
      const progress = new Progress(context);
      const began = performance.now();
      const [from, span] = [Date.parse(since), Math.max(1, Date.parse(until) - Date.parse(since))];
      try {
        for await (const input of historyRecords(connection, { since, until }, context.signal)) {
          run.take(input);
          if (run.records % LOOK_EVERY !== 0) continue;
          const rate = Math.round(run.records / ((performance.now() - began) / 1000));
          const share = (Date.parse(input.record.envelope.time) - from) / span;
          progress.show(share, `${run.records} records, ${rate} a second, ${run.alerts} alerts`);
        }
      } finally {
        progress.end();
      }
      const seconds = (performance.now() - began) / 1000;
      const figures = {
        ...run.figures({ since, until }),
        records_a_second: Math.round(run.records / seconds),
      };
      if (json) return printJson(context, [...run.kept, { summary: figures }]);
      context.out(
        figuresText(
          figures,
          rules.map(({ id }) => id),
          seconds,
          context,
        ),
      );
      const shown = run.kept.slice(-options.limit || run.kept.length).slice(0, options.limit);
      if (shown.length > 0) context.out(`\n${tone(context, "strong", "the latest alerts")}\n`);
      for (const alert of shown) context.out(alertLine(alert, context));
    });
}

function readRules(
  files: readonly { file: string; text: string }[],
  parseRules: typeof import("@tripline/detection")["parseRules"],
): ReturnType<typeof parseRules> {
  try {
    return parseRules(files);
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    throw new CommandFailed(EXIT.failure, error.message, error);
  }
}

function figuresText(
  figures: BacktestFigures & { records_a_second: number },
  rules: readonly string[],
  seconds: number,
  context: CommandContext,
): string {
  const { since, until, records, alerts, alerts_a_day, by_rule, top_groups } = figures;
  const lines = [
    `${records} records from ${localTime(since)} to ${localTime(until)} in ${duration(seconds * 1000)} (${figures.records_a_second} a second)`,
    `${tone(context, "strong", `${alerts} alerts`)}, ${alerts_a_day} a day; ${figures.quieted} more findings were not repeated`,
  ];
  for (const rule of rules) {
    const found = by_rule[rule];
    const severities = SEVERITIES.toReversed()
      .flatMap((severity) =>
        found?.severities[severity] === undefined ? [] : [`${found.severities[severity]} ${severity}`],
      )
      .join(", ");
    lines.push(
      `  ${rule}: ${found === undefined ? "nothing" : `${found.alerts} (${severities}), ${found.alerts_a_day} a day`}`,
    );
  }
  if (top_groups.length > 0) lines.push("by group:");
  for (const { group, alerts: count } of top_groups) lines.push(`  ${count}  ${terminalLine(group)}`);
  const lacking = figures.payloads_gone + figures.payloads_none;
  if (lacking > 0) {
    lines.push(
      tone(
        context,
        "warn",
        `${lacking} records had no arguments and results to judge by: ${figures.payloads_gone} have expired or were erased, of ${figures.payloads_none} none were captured`,
      ),
    );
  }
  if (figures.evicted > 0)
    lines.push(
      tone(context, "warn", `${figures.evicted} things were forgotten for lack of room: see max_groups`),
    );
  return `${lines.join("\n")}\n`;
}

function alertLine({ time, severity, rule, summary, record_id }: Alert, context: CommandContext): string {
  return `${localTime(time)}  ${tone(context, severityTone(severity), severity.padEnd(13))}  ${terminalLine(rule.id)}: ${terminalLine(summary)}  ${record_id ?? ""}\n`;
}
