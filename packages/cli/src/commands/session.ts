import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { type CallRow, sessionAnswer } from "../api/answers.ts";
import type { CommandContext } from "../context.ts";
import { timelineLine, who } from "../output/calls.ts";
import { printJson, tone } from "../output/print.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";

/** `tripline session ID`: one session in order. */
export function addSession(program: Command, context: CommandContext): void {
  program
    .command("session <id>")
    .summary("one session as a timeline")
    .description("Shows a session's calls in order, and the alerts it raised.")
    .action(async (id: string, _options: unknown, command: Command) => {
      const client = connect(command, context);
      const path = `/api/sessions/${encodeURIComponent(id)}`;
      const calls: CallRow[] = [];
      let answer = await client.request("GET", path, sessionAnswer);
      calls.push(...answer.calls);
      while (answer.next !== null) {
        answer = await client.request("GET", path, sessionAnswer, { query: { cursor: answer.next } });
        calls.push(...answer.calls);
      }
      if (globals(command).json === true) return printJson(context, [{ ...answer, calls }]);
      const first = calls[0];
      if (first === undefined) return context.out("the session has no calls\n");
      const whose = first.principal === null ? "" : ` for ${who(first.principal, answer.names ?? {})}`;
      context.out(
        `${localTime(first.time)}  ${calls.length} calls with ${terminalLine(`${first.credential ?? "no credential"}${whose}`)}\n`,
      );
      const startMs = Date.parse(first.time);
      const alerts = [...answer.alerts].sort((a, b) => (a.time < b.time ? -1 : 1));
      for (const call of calls) {
        context.out(`${terminalLine(timelineLine(call, startMs))}\n`);
        while (alerts[0] !== undefined && alerts[0].time <= call.time) {
          const alert = alerts.shift();
          if (alert === undefined) break;
          context.out(
            tone(
              context,
              "bad",
              `${" ".repeat(12)}▲ ${terminalLine(`${alert.severity}: ${alert.summary}`)}\n`,
            ),
          );
        }
      }
      for (const alert of alerts) {
        context.out(
          tone(context, "bad", `${" ".repeat(12)}▲ ${terminalLine(`${alert.severity}: ${alert.summary}`)}\n`),
        );
      }
    });
}
