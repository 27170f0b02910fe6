import { REVOCATION_SCOPES } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import { type Command, Option } from "commander";
import { type RuleResponse, responseAnswer, ruleResponseAnswer } from "../api/answers.ts";
import type { CommandContext } from "../context.ts";
import { printJson, tone } from "../output/print.ts";
import { connect, globals } from "./command.ts";
import { collect } from "./options.ts";
import { noteAbout } from "./rule-note.ts";

interface EnableOptions {
  credential?: string[];
  scope?: string;
  dryRun?: boolean;
  expiresAfter?: string;
}

/** `tripline response …`: what happens by itself when a rule alerts. */
export function addResponse(program: Command, context: CommandContext): void {
  const group = program
    .command("response")
    .summary("what happens by itself when a rule alerts: show, enable, disable")
    .description("Automatic revocation is off until it is switched on, rule by rule.");

  group
    .command("show")
    .description("Shows which rules revoke by themselves, the limits, and who is told.")
    .action(async (_options: unknown, command: Command) => {
      const answer = await connect(command, context).request("GET", "/api/response", responseAnswer);
      if (globals(command).json === true) return printJson(context, [answer]);
      const { rules, limit, never_revoke, dry_run } = answer.automatic_revocation;
      const entries = Object.entries(rules);
      if (answer.problem !== null) {
        context.out(tone(context, "bad", `response.yaml: ${terminalLine(answer.problem)}\n`));
      }
      context.out(entries.length === 0 ? "no rule revokes by itself\n" : "rules that revoke by themselves\n");
      for (const [id, rule] of entries) context.out(`  ${terminalLine(`${id}  ${words(rule)}`)}\n`);
      if (dry_run) context.out("dry run: nothing is revoked, only recorded\n");
      context.out(`at most ${limit.keys} keys in ${limit.minutes} min\n`);
      if (never_revoke.length > 0) context.out(`never: ${terminalLine(never_revoke.join(", "))}\n`);
      for (const { name, to } of answer.notifiers) {
        context.out(`tells ${terminalLine(`${name} (${to})`)}\n`);
      }
    });

  group
    .command("enable <rule>")
    .description(
      "From now on an alert of this rule takes the key away by itself. Needs the role administer.\n\n" +
        "Example: tripline response enable secret-read-then-sent --credential local:notes",
    )
    .option("--credential <id>", "only this credential (repeatable; default: every one)", collect)
    .addOption(
      new Option("--scope <scope>", "what to revoke (default: what the rule names)").choices([
        ...REVOCATION_SCOPES,
      ]),
    )
    .option(
      "--expires-after <time>",
      "end the revocation by itself, e.g. 1h (default: it stays until reinstated)",
    )
    .option("--dry-run", "only record what would have been revoked")
    .action(async (rule: string, options: EnableOptions, command: Command) => {
      await put(rule, command, {
        enabled: true,
        ...(options.credential === undefined ? {} : { credentials: options.credential }),
        ...(options.scope === undefined ? {} : { scope: options.scope }),
        ...(options.expiresAfter === undefined ? {} : { expires_after: options.expiresAfter }),
        ...(options.dryRun === undefined ? {} : { dry_run: options.dryRun }),
      });
      const note = await noteAbout(rule);
      if (note !== null) context.err(`note: ${terminalLine(note)}\n`);
    });

  group
    .command("disable <rule>")
    .description("Alerts of this rule revoke nothing by themselves any more. Needs the role administer.")
    .action(async (rule: string, _options: unknown, command: Command) =>
      put(rule, command, { enabled: false }),
    );

  async function put(rule: string, command: Command, body: Record<string, unknown>): Promise<void> {
    const path = `/api/response/rules/${encodeURIComponent(rule)}`;
    const answer = await connect(command, context).request("PUT", path, ruleResponseAnswer, { body });
    if (globals(command).json === true) return printJson(context, [answer]);
    context.out(`${terminalLine(`${rule}: ${words(answer)}`)}\n`);
  }
}

function words(rule: RuleResponse): string {
  if (!rule.enabled) return "off";
  const whom = rule.credentials === undefined ? "every credential" : rule.credentials.join(", ");
  return `on for ${whom}${rule.dry_run === true ? ", dry run" : ""}`;
}
