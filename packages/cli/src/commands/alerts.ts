import { setTimeout as delay } from "node:timers/promises";
import { SEVERITIES } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import { type Command, Option } from "commander";
import { type AlertRow, alertsAnswer } from "../api/answers.ts";
import type { ApiClient, Query } from "../api/client.ts";
import { wholeIncidentId } from "../api/short-ids.ts";
import type { CommandContext } from "../context.ts";
import { printJson, severityTone, tone } from "../output/print.ts";
import { table } from "../output/table.ts";
import { localTime, offsetName } from "../time/show.ts";
import { connect, globals } from "./command.ts";
import { atLeast, whenOption } from "./options.ts";

const DEFAULT_LIMIT = 50;
const WATCH_POLL_MS = 2_000; // a person is told by a notifier; this is for someone who looks on
const WATCH_OVERLAP_MS = 60_000; // an alert's time is that of its record, which may be older than the last look

/** `tripline alerts`: what the rules found. */
export function addAlerts(program: Command, context: CommandContext): void {
  program
    .command("alerts")
    .summary("what the rules found, newest first")
    .description(
      "Shows every single finding, newest first; with --watch, waits for new ones until Ctrl-C. What needs somebody, and what was done about it, is in `tripline incidents`.",
    )
    .addOption(whenOption("since", context))
    .addOption(whenOption("until", context))
    .addOption(new Option("--severity <severity>", "only this severity").choices([...SEVERITIES]))
    .option("--rule <id>", "only this rule")
    .option("--credential <id>", "only about this credential")
    .option("--session <id>", "only of this session")
    .option("--incident <id>", "only of this incident; its first digits are enough")
    .option("--limit <n>", `at most this many, up to 500 (default ${DEFAULT_LIMIT})`, atLeast(1))
    .option("--watch", "wait for new alerts and print each as it comes")
    .action(
      async (
        { watch, incident, ...rest }: Query & { watch?: boolean; incident?: string },
        command: Command,
      ) => {
        const client = connect(command, context);
        const filters: Query =
          incident === undefined ? rest : { ...rest, incident: await wholeIncidentId(client, incident) };
        const json = globals(command).json === true;
        if (watch === true) return watchAlerts(client, filters, json, context);
        const { alerts } = await client.request("GET", "/api/alerts", alertsAnswer, {
          query: { limit: DEFAULT_LIMIT, ...filters },
        });
        if (json) return printJson(context, alerts);
        if (alerts.length === 0) return context.err("no alerts\n");
        context.out(alertTable(alerts, context));
      },
    );
}

async function watchAlerts(
  client: ApiClient,
  filters: Query,
  json: boolean,
  context: CommandContext,
): Promise<void> {
  const seen = new Set<string>();
  const begin = context.now().getTime();
  let first = true;
  while (!context.signal.aborted) {
    const since = new Date((first ? begin : context.now().getTime()) - WATCH_OVERLAP_MS).toISOString();
    const { alerts } = await client.request("GET", "/api/alerts", alertsAnswer, {
      query: { limit: 500, ...filters, since },
    });
    for (const alert of alerts.reverse()) {
      if (seen.has(alert.id)) continue;
      seen.add(alert.id);
      if (json) printJson(context, [alert]);
      else context.out(alertLine(alert, context));
    }
    first = false;
    await delay(WATCH_POLL_MS, undefined, { signal: context.signal }).catch((error: unknown) => {
      if (!context.signal.aborted) throw error;
    });
  }
}

function alertLine(alert: AlertRow, context: CommandContext): string {
  const severity = tone(context, severityTone(alert.severity), alert.severity);
  return `${localTime(alert.time)}  ${severity}  ${terminalLine(alert.summary)}  ${alert.id.slice(0, 12)}\n`;
}

function alertTable(alerts: readonly AlertRow[], context: CommandContext): string {
  return table(
    [
      { head: `time (${offsetName(context.now())})` },
      { head: "severity" },
      { head: "state" },
      { head: "rule", shrinks: true },
      { head: "summary", shrinks: true },
      { head: "id", shrinks: true },
    ],
    alerts.map((alert) => [
      localTime(alert.time),
      alert.severity,
      alert.state,
      alert.rule_id,
      alert.summary,
      context.width === null ? alert.id : alert.id.slice(0, 12),
    ]),
    context.width,
  );
}
