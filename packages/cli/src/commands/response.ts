import { REVOCATION_SCOPES } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import { type Command, Option } from "commander";
import { responseAnswer, ruleResponseAnswer } from "../api/answers.ts";
import { proposalsAnswer, resumedAnswer, revokersAnswer } from "../api/incident-answers.ts";
import type { CommandContext } from "../context.ts";
import { printJson } from "../output/print.ts";
import { proposalText, responseText, revokerLine, ruleWords } from "../output/response.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";
import { collect } from "./options.ts";
import { addResponseTest } from "./response-test.ts";
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
    .summary("what happens by itself when a rule alerts: show, proposals, resume, enable, disable, test")
    .description(
      "Automatic revocation is off until it is switched on, rule by rule. This is about what happens by itself; `tripline incidents` is about what people decide.",
    );

  group
    .command("show")
    .description(
      "Shows which rules revoke by themselves, the limits, whether it stands still, what waits for approval, who is told, and the issuers that keys are revoked at.",
    )
    .action(async (_options: unknown, command: Command) => {
      const client = connect(command, context);
      const answer = await client.request("GET", "/api/response", responseAnswer);
      if (globals(command).json === true) return printJson(context, [answer]);
      const [{ proposals }, { revokers }] = await Promise.all([
        client.request("GET", "/api/proposals", proposalsAnswer),
        client.request("GET", "/api/revokers", revokersAnswer),
      ]);
      context.out(responseText(answer, context));
      for (const revoker of revokers) context.out(revokerLine(revoker));
      for (const proposal of proposals) context.out(proposalText(proposal));
    });

  group
    .command("proposals")
    .description(
      "Lists revocations that wait for several people; `tripline approve` and `tripline reject` decide.",
    )
    .action(async (_options: unknown, command: Command) => {
      const client = connect(command, context);
      const { proposals } = await client.request("GET", "/api/proposals", proposalsAnswer);
      if (globals(command).json === true) return printJson(context, proposals);
      if (proposals.length === 0) return context.err("nothing waits for approval\n");
      for (const proposal of proposals) context.out(proposalText(proposal));
    });

  group
    .command("resume")
    .description(
      "Lets automatic revocation go on after it stopped at its limit. Look first at what it revoked. Needs the role respond.",
    )
    .requiredOption("--reason <text>", "why it may go on")
    .action(async ({ reason }: { reason: string }, command: Command) => {
      const client = connect(command, context);
      const answer = await client.request("POST", "/api/response/resume", resumedAnswer, {
        body: { reason },
      });
      if (globals(command).json === true) return printJson(context, [answer]);
      context.out(`automatic revocation goes on; it had stood still since ${localTime(answer.halted_at)}\n`);
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

  addResponseTest(group, context);

  async function put(rule: string, command: Command, body: Record<string, unknown>): Promise<void> {
    const path = `/api/response/rules/${encodeURIComponent(rule)}`;
    const answer = await connect(command, context).request("PUT", path, ruleResponseAnswer, { body });
    if (globals(command).json === true) return printJson(context, [answer]);
    context.out(`${terminalLine(`${rule}: ${ruleWords(answer)}`)}\n`);
  }
}
