import type { Incident } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import type { IncidentAnswer, IncidentRow } from "../api/incident-answers.ts";
import type { CommandContext } from "../context.ts";
import { localTime, offsetName } from "../time/show.ts";
import { evidenceLines, scoreLines, whoOf } from "./finding.ts";
import { severityTone, tone } from "./print.ts";
import { timelineText } from "./revocation.ts";
import { table } from "./table.ts";

const SHOWN_ALERTS = 5; // enough to see how it goes on; `tripline alerts --incident` has all

const DONE_WORDS: Readonly<Record<string, string>> = {
  revoked: "stopped",
  reinstated: "allowed again",
  expired: "allowed again",
  would_revoke: "dry run",
  withheld: "not stopped",
  proposed: "waits for approval",
  none: "nothing",
};

/** Incidents as a table: how grave, what, whose, what was done. */
export function incidentTable(incidents: readonly IncidentRow[], context: CommandContext): string {
  return table(
    [
      { head: `latest (${offsetName(context.now())})` },
      { head: "severity" },
      { head: "state" },
      { head: "done" },
      { head: "alerts", align: "right" },
      { head: "whose", shrinks: true },
      { head: "summary", shrinks: true },
      { head: "id", shrinks: true },
    ],
    incidents.map((incident) => [
      localTime(incident.last_alert_at),
      incident.severity,
      `${stateWords(incident.state)}${incident.muted === null ? "" : ", muted"}`,
      DONE_WORDS[incident.done_kind] ?? incident.done_kind,
      String(incident.alerts),
      whose(incident),
      incident.summary,
      context.width === null ? incident.id : incident.id.slice(0, 12),
    ]),
    context.width,
  );
}

/** One incident in words, in the order on-call needs it. */
export function incidentText(answer: IncidentAnswer, context: CommandContext): string {
  const { incident, alerts, revocations, names } = answer;
  const { alert, severity, rule } = incident;
  const strong = (text: string) => tone(context, "strong", text);
  const lines = [
    `${tone(context, severityTone(severity), severity.toUpperCase())}  ${strong(terminalLine(alert.summary))}`,
    terminalLine(standing(incident)),
    "",
    `${strong("Whose")}  ${terminalLine(owner(incident))}`,
    `${strong("Who")}    ${terminalLine(whoOf(alert, names ?? {}))}`,
    `${strong("Why")}    ${terminalLine(alert.why)}`,
    "",
    strong("What was done"),
    `  ${terminalLine(doneSentence(incident.done))}`,
    ...inFlightLines(incident.done.in_flight ?? []),
    ...revocations.map((each) => timelineText(each, context.now())),
    "",
    strong("What to do"),
    ...alert.next.map((step) => `  - ${terminalLine(step)}`),
    ...commandLines(answer),
    "",
    `${strong("What happened")}${incident.alerts === 1 ? "" : `  (the gravest of ${incident.alerts} alerts, rule ${terminalLine(rule.id)})`}`,
    ...evidenceLines(alert, context),
    ...scoreLines(alert, context),
    "",
    strong("Who decided what"),
    ...incident.history.map(
      ({ at, by, kind, note }) =>
        `  ${localTime(at)}  ${terminalLine(`${kind.replaceAll("_", " ")} by ${by}${note === undefined ? "" : `: ${note}`}`)}`,
    ),
  ];
  if (incident.alerts > 1) {
    lines.push(
      "",
      strong("Latest alerts"),
      ...alerts
        .slice(0, SHOWN_ALERTS)
        .map((each) => `  ${localTime(each.time)}  ${each.id.slice(0, 12)}  ${terminalLine(each.summary)}`),
    );
  }
  return `${lines.join("\n")}\n`;
}

export function stateWords(state: string): string {
  return state.replaceAll("_", " ");
}

function standing({ state, opened_at, history, escalation, muted }: Incident): string {
  const last = history.findLast(({ kind }) => kind === state);
  const since =
    last === undefined
      ? `open since ${localTime(opened_at)}`
      : `${stateWords(state)} by ${last.by}, ${localTime(last.at)}`;
  const words = state === "open" ? `open since ${localTime(opened_at)}, nobody has taken it` : since;
  const times = escalation === 1 ? "once" : `${escalation} times`;
  const escalated = escalation > 0 ? `, escalated ${times}` : "";
  return `${words}${escalated}${muted === undefined ? "" : `, muted (${muted})`}`;
}

function whose({ agent, team, environment, subject }: IncidentRow): string {
  const parts = [agent, team, environment].filter((part) => part !== null);
  return parts.length === 0 ? subject : parts.join(" / ");
}

function owner({ alert, subject }: Incident): string {
  const { actor, target } = alert;
  const parts = [
    actor?.agent === undefined ? undefined : `agent ${actor.agent}`,
    actor?.team === undefined ? undefined : `team ${actor.team}`,
    target?.environment === undefined ? undefined : `in ${target.environment}`,
    target?.server === undefined ? undefined : `on ${target.server}`,
    alert.owner === undefined ? undefined : `owner ${alert.owner}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? subject : parts.join(", ");
}

function doneSentence({ kind, reason, revocation }: Incident["done"]): string {
  const what = revocation === undefined ? "the key" : `${revocation.scope} ${revocation.subject}`;
  switch (kind) {
    case "revoked":
      return `${what} was taken away: interceptors refuse its calls`;
    case "reinstated":
      return `${what} was taken away, and given back since`;
    case "expired":
      return `${what} was taken away for a time, which is over`;
    case "would_revoke":
      return "dry run: nothing was taken away; without the dry run it would have been";
    case "proposed":
      return `nothing was taken away yet: ${reason}`;
    case "withheld":
    case "none":
      return `nothing was taken away: ${reason}`;
  }
}

function inFlightLines(calls: NonNullable<Incident["done"]["in_flight"]>): string[] {
  return calls.map(
    ({ record_id, server, tool, started }) =>
      `  under way when the key died, and may still take effect: ${terminalLine(`${server ?? "?"}/${tool ?? "?"}`)} since ${localTime(started)}  ${record_id}`,
  );
}

/** The next commands, as they are typed. */
function commandLines({ incident, revocations }: IncidentAnswer): string[] {
  const { alert, state, id } = incident;
  const short = id.slice(0, 12);
  const live = revocations.find(({ revocation }) => revocation.state === "active");
  const { scope, subject } = alert.response;
  const isOver = state === "resolved" || state === "false_positive";
  return [
    ...(state === "open" ? [`  - to take it: tripline incidents acknowledge ${short}`] : []),
    ...(live === undefined && scope !== undefined && subject !== undefined && !isOver
      ? [
          `  - to stop it: tripline revoke ${scope} ${terminalLine(subject)} --alert ${alert.id.slice(0, 12)} --reason "…"`,
        ]
      : []),
    ...(live === undefined
      ? []
      : [`  - to undo: tripline reinstate ${live.revocation.id.slice(0, 12)} --reason "…"`]),
    ...(isOver ? [] : [`  - when it is over: tripline incidents resolve ${short}`]),
    ...(alert.session?.id === undefined
      ? []
      : [`  - the whole session: tripline session ${terminalLine(alert.session.id)}`]),
  ];
}
