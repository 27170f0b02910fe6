import { REVOCATION_SCOPES } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import { Argument, type Command } from "commander";
import { reinstatedAnswer, revokedAnswer } from "../api/answers.ts";
import { wholeAlertId, wholeRevocationId } from "../api/short-ids.ts";
import type { CommandContext } from "../context.ts";
import { printJson } from "../output/print.ts";
import { connect, globals } from "./command.ts";

/** `tripline revoke SCOPE SUBJECT`: every interceptor refuses it from its next call on. */
export function addRevoke(program: Command, context: CommandContext): void {
  program
    .command("revoke")
    .summary("refuse a credential, session, agent, principal, tool or server from now on")
    .description(
      "Every interceptor refuses the subject from its next call on. Needs the role respond.\n\n" +
        "Subjects: a credential id; a session id; an agent; a principal's subject id; SERVER/TOOL; a server.\n" +
        'Example: tripline revoke credential local:notes --reason "laptop stolen"',
    )
    .addArgument(new Argument("<scope>", "what to refuse").choices([...REVOCATION_SCOPES]))
    .argument("<subject>", "which one")
    .requiredOption("--reason <text>", "why; whoever is refused may be told")
    .option("--alert <id>", "the alert that made you decide; its first digits are enough")
    .action(
      async (
        scope: string,
        subject: string,
        options: { reason: string; alert?: string },
        command: Command,
      ) => {
        const client = connect(command, context);
        const alert = options.alert === undefined ? undefined : await wholeAlertId(client, options.alert);
        const answer = await client.request("POST", "/api/revocations", revokedAnswer, {
          body: {
            scope,
            subject,
            reason: options.reason,
            ...(alert === undefined ? {} : { alert_id: alert }),
          },
        });
        if (globals(command).json === true) return printJson(context, [answer]);
        const { id, proposal_id, needs = 2 } = answer;
        context.out(
          proposal_id === undefined
            ? `${scope} ${terminalLine(subject)} is refused from now on (revocation ${id})\n`
            : `nothing is refused yet: it needs ${needs} people, and you are one of them. Another one types: tripline approve ${proposal_id}\n`,
        );
      },
    );
}

/** `tripline reinstate ID`: lifts one revocation, and only that one. */
export function addReinstate(program: Command, context: CommandContext): void {
  program
    .command("reinstate <id>")
    .summary("lift one revocation")
    .description(
      "Lifts one revocation; others of the same subject stay. The first digits of the id are enough.",
    )
    .requiredOption("--reason <text>", "why")
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const client = connect(command, context);
      const whole = await wholeRevocationId(client, id);
      const path = `/api/revocations/${encodeURIComponent(whole)}/reinstate`;
      const answer = await client.request("POST", path, reinstatedAnswer, {
        body: { reason: options.reason },
      });
      if (globals(command).json === true) return printJson(context, [answer]);
      context.out(`revocation ${answer.id} is lifted\n`);
      const others = answer.still_refused_by ?? [];
      if (others.length > 0) {
        context.err(`still refused by ${others.map((other) => other.slice(0, 12)).join(", ")}\n`);
      }
    });
}
