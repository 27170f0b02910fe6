import { INCIDENT_STATES, SEVERITIES } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import { type Command, Option } from "commander";
import { anyAnswer } from "../api/answers.ts";
import type { ApiClient, Query } from "../api/client.ts";
import { type IncidentRow, incidentAnswer, incidentsAnswer, stateAnswer } from "../api/incident-answers.ts";
import { wholeIncidentId } from "../api/short-ids.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { incidentTable, incidentText, stateWords } from "../output/incident.ts";
import { printJson } from "../output/print.ts";
import { parseAhead } from "../time/ahead.ts";
import { connect, globals } from "./command.ts";
import { aheadOption, atLeast, collect, whenOption } from "./options.ts";

const DEFAULT_LIMIT = 50;
const NOT_OVER = "open,acknowledged";
const DEFAULT_EXCEPTION = "30d"; // long enough to mend the rule, short enough to be looked at again

interface FalsePositiveOptions {
  reason: string;
  except?: boolean;
  where?: string[];
  until?: string;
}

/** `tripline incidents …`: what on-call works through. */
export function addIncidents(program: Command, context: CommandContext): void {
  const group = program
    .command("incidents")
    .summary("what needs somebody: list, show, acknowledge, resolve, false-positive, reopen")
    .description(
      "An incident is what on-call works on: the alerts of one rule about one credential, for as long as they keep coming. " +
        "Use this to decide; `tripline alerts` shows every single finding, also those that an incident counts only.",
    );

  group
    .command("list")
    .description("Lists what is not over: what nobody has taken first, the gravest on top.")
    .addOption(
      new Option("--state <state>", "only these (default: open and acknowledged)").choices([
        ...INCIDENT_STATES,
        "all",
      ]),
    )
    .addOption(new Option("--severity <severity>", "only this severity").choices([...SEVERITIES]))
    .option("--rule <id>", "only of this rule")
    .option("--credential <id>", "only about this credential")
    .option("--server <name>", "only on this server")
    .addOption(whenOption("since", context))
    .addOption(whenOption("until", context))
    .option("--limit <n>", `at most this many, up to 500 (default ${DEFAULT_LIMIT})`, atLeast(1))
    .action(async ({ state, ...filters }: Query & { state?: string }, command: Command) => {
      const wanted = state === undefined ? NOT_OVER : state === "all" ? undefined : state;
      const { incidents } = await connect(command, context).request(
        "GET",
        "/api/incidents",
        incidentsAnswer,
        {
          query: { limit: DEFAULT_LIMIT, ...filters, state: wanted },
        },
      );
      const sorted = openFirst(incidents);
      if (globals(command).json === true) return printJson(context, sorted);
      if (sorted.length === 0)
        return context.err(state === undefined ? "nothing is open\n" : "no incidents\n");
      context.out(incidentTable(sorted, context));
    });

  group
    .command("show <id>")
    .description(
      "Tells one incident in words: what happened, whose agent it was, what was done and when, what to do, who decided what. The first digits of the id are enough.",
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      const client = connect(command, context);
      const whole = await wholeIncidentId(client, id);
      const answer = await client.request(
        "GET",
        `/api/incidents/${encodeURIComponent(whole)}`,
        incidentAnswer,
      );
      if (globals(command).json === true) return printJson(context, [answer]);
      context.out(incidentText(answer, context));
    });

  group
    .command("acknowledge <id>")
    .description("Somebody is on it: it escalates no further. Needs the role respond.")
    .option("--note <text>", "what the others should know")
    .action((id: string, { note }: { note?: string }, command: Command) =>
      change(id, "acknowledged", note, command),
    );

  group
    .command("resolve <id>")
    .description("It is over. What comes again soon opens it again. Needs the role respond.")
    .option("--note <text>", "what it was")
    .action((id: string, { note }: { note?: string }, command: Command) =>
      change(id, "resolved", note, command),
    );

  group
    .command("false-positive <id>")
    .description(
      "The rule was wrong here. With --except the rule does not find this again until the exception ends. Needs the role respond.\n\n" +
        "Example: tripline incidents false-positive 1c0ffee42a11 --reason 'the nightly backup' --except --where credential=key:ci/backup",
    )
    .requiredOption("--reason <text>", "why it is none")
    .option("--except", "make an exception of the rule: for this credential on this server and tool")
    .option(
      "--where <field=value>",
      "what the exception is about instead (repeatable; all must match)",
      collect,
    )
    .addOption(aheadOption("until", `when the exception ends (default ${DEFAULT_EXCEPTION})`, context))
    .action(async (id: string, options: FalsePositiveOptions, command: Command) => {
      const client = connect(command, context);
      const whole = await wholeIncidentId(client, id);
      const { reason, where, until = parseAhead(DEFAULT_EXCEPTION, context.now()) } = options;
      if (options.except === true || where !== undefined) {
        const path = `/api/incidents/${encodeURIComponent(whole)}/exception`;
        await client.request("POST", path, anyAnswer, {
          body: { ...(where === undefined ? {} : { where: selection(where) }), until, reason },
        });
      }
      await tell(client, whole, { to: "false_positive", note: reason }, command);
    });

  group
    .command("reopen <id>")
    .description("It is open again, and people are told. Needs the role respond.")
    .option("--note <text>", "why")
    .action((id: string, { note }: { note?: string }, command: Command) => change(id, "open", note, command));

  async function change(id: string, to: string, note: string | undefined, command: Command): Promise<void> {
    const client = connect(command, context);
    const whole = await wholeIncidentId(client, id);
    await tell(client, whole, { to, note }, command);
  }

  async function tell(
    client: ApiClient,
    id: string,
    body: { to: string; note?: string | undefined },
    command: Command,
  ): Promise<void> {
    const path = `/api/incidents/${encodeURIComponent(id)}/state`;
    const answer = await client.request("POST", path, stateAnswer, { body });
    if (globals(command).json === true) return printJson(context, [answer]);
    const when = answer.applied ? "" : " in a moment: it is written, and has not taken effect yet";
    context.out(`incident ${terminalLine(id.slice(0, 12))} is ${stateWords(body.to)}${when}\n`);
  }
}

/** `credential=key:ci/*` → a selection over the record's fields. */
function selection(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1)
        throw new CommandFailed(EXIT.usage, `--where ${pair}: expected FIELD=VALUE, as server=mail`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function openFirst(incidents: readonly IncidentRow[]): IncidentRow[] {
  const states: readonly string[] = INCIDENT_STATES;
  const severities: readonly string[] = SEVERITIES;
  return incidents.toSorted(
    (a, b) =>
      states.indexOf(a.state) - states.indexOf(b.state) ||
      severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
      b.last_alert_at.localeCompare(a.last_alert_at),
  );
}
