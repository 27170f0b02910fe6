import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { type DrillAnswer, drillAnswer } from "../api/incident-answers.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { duration } from "../time/show.ts";
import { connect, globals } from "./command.ts";

const LONGEST_DRILL_MS = 10 * 60_000; // an issuer that keeps accepting the canary is asked for minutes

/** `tripline drill`: revokes a canary through the whole path, and says how long that took. */
export function addDrill(program: Command, context: CommandContext): void {
  program
    .command("drill")
    .summary("revoke a canary key through the whole path, and say how long it took")
    .description(
      "Revokes the canary credential that response.yaml names under `drills`, sees every interceptor (and its issuer) refuse it, reinstates it, and says how long each took. A failure ends with 1. Needs the role administer.",
    )
    .action(async (_options: unknown, command: Command) => {
      const report = await connect(command, context).request("POST", "/api/drill", drillAnswer, {
        timeoutMs: LONGEST_DRILL_MS,
      });
      if (globals(command).json === true) printJson(context, [report]);
      else context.out(reportText(report, context));
      if (!report.ok)
        throw new CommandFailed(EXIT.failure, `the drill failed: ${report.failures.join("; ")}`);
    });
}

function reportText(report: DrillAnswer, context: CommandContext): string {
  const took = (ms: number | null) => (ms === null ? "not seen" : duration(ms));
  const { call, upstream } = report;
  const lines = [
    terminalLine(`drill with ${report.credential} (revocation ${report.revocation_id})`),
    `decided and durable after ${took(report.decided_ms)}`,
    ...(report.interceptors.length === 0
      ? []
      : [
          `every interceptor refused after ${took(report.refused_ms)}, and allowed again ${took(report.allowed_ms)} after the reinstatement`,
        ]),
    ...(call === null
      ? []
      : [terminalLine(`a real call: ${call.before} before, ${call.during} meanwhile, ${call.after} after`)]),
    ...(upstream === null
      ? []
      : [
          `the issuer said yes after ${took(upstream.acknowledged_ms)}, and refused after ${took(upstream.verified_ms)}`,
        ]),
    ...report.not_shown.map((each) => terminalLine(`not shown: ${each}`)),
  ];
  if (report.interceptors.length === 0) return `${lines.join("\n")}\n`;
  return `${lines.join("\n")}\n${table(
    [
      { head: "interceptor" },
      { head: "refused after", align: "right" },
      { head: "allowed after", align: "right" },
      { head: "" },
    ],
    report.interceptors.map(({ producer, refused_ms, allowed_ms, advisory }) => [
      producer,
      took(refused_ms),
      took(allowed_ms),
      advisory ? "under the agent's own user" : "",
    ]),
    context.width,
  )}`;
}
