import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { z } from "zod";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { connect, globals } from "./command.ts";

const healthAnswer = z.looseObject({
  ready: z.boolean().optional(),
  state: z.string().optional(),
  parts: z.union([
    z.array(z.looseObject({ name: z.string(), state: z.string(), detail: z.string().optional() })),
    z.record(z.string(), z.looseObject({ state: z.string(), detail: z.string().optional() })),
  ]),
});

/** `tripline health`: whether all parts of the service are ready. */
export function addHealth(program: Command, context: CommandContext): void {
  program
    .command("health")
    .summary("whether the service is ready, part by part")
    .description(`Shows the state of each part; ends with ${EXIT.failure} when the service is not ready.`)
    .action(async (_options: unknown, command: Command) => {
      const client = connect(command, context);
      const answer = await client.request("GET", "/health", healthAnswer, { acceptStatus: [503] });
      const parts = Array.isArray(answer.parts)
        ? answer.parts
        : Object.entries(answer.parts).map(([name, part]) => ({ name, ...part }));
      if (globals(command).json === true) printJson(context, [answer]);
      else {
        for (const part of parts) {
          context.out(`${part.name.padEnd(20)} ${part.state}  ${terminalLine(part.detail ?? "")}`.trimEnd());
          context.out("\n");
        }
      }
      const ready = parts.every((part) => part.state === "ready" || part.state === "degraded");
      if (!ready) throw new CommandFailed(EXIT.failure, `${client.url} is not ready`);
    });
}
