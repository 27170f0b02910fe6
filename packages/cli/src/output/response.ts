import { terminalLine } from "@tripline/service/escape";
import type { ResponseAnswer, RuleResponse } from "../api/answers.ts";
import type { Proposal, Revoker } from "../api/incident-answers.ts";
import type { CommandContext } from "../context.ts";
import { localTime } from "../time/show.ts";
import { tone } from "./print.ts";

/** What happens by itself, and what of it waits for people. */

export function responseText(answer: ResponseAnswer, context: CommandContext): string {
  const { rules, limit, never_revoke, dry_run } = answer.automatic_revocation;
  const entries = Object.entries(rules);
  const percent = limit.percent === undefined ? "" : `, or ${limit.percent} % of the active ones,`;
  const lines = [
    ...troubles(answer, context),
    entries.length === 0 ? "no rule revokes by itself" : "rules that revoke by themselves",
    ...entries.map(([id, rule]) => `  ${terminalLine(`${id}  ${ruleWords(rule)}`)}`),
    ...(dry_run ? ["dry run: nothing is revoked, only recorded"] : []),
    `at most ${limit.keys} keys${percent} in ${limit.minutes} min`,
    ...(never_revoke.length > 0 ? [`never: ${terminalLine(never_revoke.join(", "))}`] : []),
    ...(answer.approval === null
      ? []
      : [`${answer.approval.people} people have to approve${ofWhat(answer.approval)}`]),
    ...(answer.drill === null ? [] : [drillLine(answer.drill)]),
    ...answer.notifiers.map(({ name, to }) => `tells ${terminalLine(`${name} (${to})`)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function troubles(
  { problem, automatic_revocation: { halted } }: ResponseAnswer,
  context: CommandContext,
): string[] {
  return [
    ...(problem === null ? [] : [tone(context, "bad", `response.yaml: ${terminalLine(problem)}`)]),
    ...(halted === null
      ? []
      : [
          `${tone(context, "bad", `automatic revocation stands still since ${localTime(halted.at)}`)}: ${terminalLine(halted.reason)}`,
          '  look at what it revoked, then: tripline response resume --reason "…"',
        ]),
  ];
}

function ofWhat({ scopes = [], rules = [] }: NonNullable<ResponseAnswer["approval"]>): string {
  const what = [...scopes.map((scope) => `scope ${scope}`), ...rules.map((rule) => `rule ${rule}`)];
  return what.length === 0 ? "" : `: ${terminalLine(what.join(", "))}`;
}

function drillLine({ credential, every }: NonNullable<ResponseAnswer["drill"]>): string {
  return terminalLine(`drill with ${credential}, ${every === null ? "by hand" : `every ${every}`}`);
}

export function revokerLine({ name, type, origins, probes, reinstates }: Revoker): string {
  const can = [
    probes ? "asked until the key is refused" : "can't be asked whether the key is refused",
    reinstates ? "gives a key back" : "gives no key back",
  ].join(", ");
  return `${terminalLine(`revokes at ${name} (${[type, ...origins].join(", ")}): ${can}`)}\n`;
}

export function proposalText({
  id,
  scope,
  subject,
  reason,
  by,
  needs,
  approved_by,
  until,
}: Proposal): string {
  const who = approved_by.length === 0 ? "nobody yet" : approved_by.join(", ");
  const words = `waits for approval: ${scope} ${subject} (by ${by}: ${reason}); ${approved_by.length} of ${needs}: ${who}; until ${localTime(until)}`;
  const short = terminalLine(id.slice(0, 13));
  return `${terminalLine(words)}\n  tripline approve ${short}, or: tripline reject ${short} --reason "…"\n`;
}

export function ruleWords(rule: RuleResponse): string {
  if (!rule.enabled) return "off";
  const whom = rule.credentials === undefined ? "every credential" : rule.credentials.join(", ");
  return `on for ${whom}${rule.dry_run === true ? ", dry run" : ""}`;
}
