import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { type AlertAnswer, alertAnswer } from "../api/answers.ts";
import { wholeAlertId } from "../api/short-ids.ts";
import type { CommandContext } from "../context.ts";
import { evidenceLines, scoreLines, whoOf } from "../output/finding.ts";
import { printJson, severityTone, tone } from "../output/print.ts";
import { timelineText } from "../output/revocation.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";

/** `tripline alert ID`: what happened, why it is bad, what was done, what to do. */
export function addAlert(program: Command, context: CommandContext): void {
  program
    .command("alert <id>")
    .summary("one alert: what happened, why it is bad, what to do")
    .description(
      "Tells one alert in words. The first digits of the id are enough. `tripline incidents show` tells the whole incident that it is in, with what people decided.",
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      const client = connect(command, context);
      const whole = await wholeAlertId(client, id);
      const answer = await client.request("GET", `/api/alerts/${encodeURIComponent(whole)}`, alertAnswer);
      if (globals(command).json === true) return printJson(context, [answer]);
      context.out(alertText(answer, context));
    });
}

/** An alert in words, as on-call needs it at night. */
export function alertText(
  { alert, state, revocation, names, incident_id }: AlertAnswer,
  context: CommandContext,
): string {
  const strong = (text: string) => tone(context, "strong", text);
  const lines = [
    `${tone(context, severityTone(alert.severity), alert.severity.toUpperCase())}  ${strong(terminalLine(alert.summary))}`,
    `${localTime(alert.time)}  rule ${terminalLine(alert.rule.id)} (${terminalLine(alert.rule.title)}${versionOf(alert)}), ${terminalLine(state)}`,
    "",
    `${strong("Who")}    ${terminalLine(whoOf(alert, names ?? {}))}`,
    `${strong("Why")}    ${terminalLine(alert.why)}`,
    "",
    strong("What happened"),
    ...evidenceLines(alert, context),
    ...scoreLines(alert, context),
    "",
    strong("What was done"),
    revocation === null ? "  nothing was revoked" : timelineText(revocation, context.now()),
    "",
    strong("What to do"),
    ...alert.next.map((step) => `  - ${terminalLine(step)}`),
  ];
  if (revocation?.revocation.state === "active") {
    lines.push(`  - to undo: tripline reinstate ${revocation.revocation.id.slice(0, 12)} --reason "…"`);
  } else if (
    revocation === null &&
    alert.response.scope !== undefined &&
    alert.response.subject !== undefined
  ) {
    lines.push(
      `  - to stop it: tripline revoke ${alert.response.scope} ${terminalLine(alert.response.subject)} --reason "…"`,
    );
  }
  if (incident_id != null) {
    lines.push(`  - to decide: tripline incidents show ${incident_id.slice(0, 12)}`);
  }
  if (alert.session?.id !== undefined)
    lines.push(`  - the whole session: tripline session ${terminalLine(alert.session.id)}`);
  return `${lines.join("\n")}\n`;
}

function versionOf({ rule }: AlertAnswer["alert"]): string {
  return rule.hash === undefined ? "" : `, version ${rule.hash.slice(0, 12)}`;
}
