import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import type { ApiClient } from "../api/client.ts";
import { approvedAnswer, proposalSchema, proposalsAnswer } from "../api/incident-answers.ts";
import { onlyOne } from "../api/short-ids.ts";
import type { CommandContext } from "../context.ts";
import { printJson } from "../output/print.ts";
import { connect, globals } from "./command.ts";

/** `tripline approve ID`: one more person wants the revocation. */
export function addApprove(program: Command, context: CommandContext): void {
  program
    .command("approve <id>")
    .summary("approve a revocation that waits for several people")
    .description(
      "Approves a proposed revocation; the last approval it needs revokes. `tripline response show` lists what waits. Needs the role respond.",
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      const client = connect(command, context);
      const path = `/api/proposals/${encodeURIComponent(await wholeProposalId(client, id))}/approve`;
      const answer = await client.request("POST", path, approvedAnswer);
      if (globals(command).json === true) return printJson(context, [answer]);
      const { scope, subject, needs, approved_by } = answer;
      const what = terminalLine(`${scope} ${subject}`);
      context.out(
        answer.revoked
          ? `${what} is refused from now on\n`
          : `approved: ${what} has ${approved_by.length} of ${needs} approvals\n`,
      );
    });
}

/** `tripline reject ID`: the revocation is not wanted. */
export function addReject(program: Command, context: CommandContext): void {
  program
    .command("reject <id>")
    .summary("reject a revocation that waits for several people")
    .description(
      "Rejects a proposed revocation; the same alert proposes it no second time. Needs the role respond.",
    )
    .requiredOption("--reason <text>", "why")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const client = connect(command, context);
      const path = `/api/proposals/${encodeURIComponent(await wholeProposalId(client, id))}/reject`;
      const answer = await client.request("POST", path, proposalSchema, { body: { reason } });
      if (globals(command).json === true) return printJson(context, [answer]);
      context.out(`rejected: ${terminalLine(`${answer.scope} ${answer.subject}`)} stays allowed\n`);
    });
}

async function wholeProposalId(client: ApiClient, id: string): Promise<string> {
  const { proposals } = await client.request("GET", "/api/proposals", proposalsAnswer);
  return onlyOne(
    id,
    proposals.map((proposal) => proposal.id),
    "waiting proposal",
  );
}
