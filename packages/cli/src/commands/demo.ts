import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { show } from "../demo/show.ts";
import { type Closer, setUp } from "../demo/stage.ts";
import { tone } from "../output/print.ts";
import { globals } from "./command.ts";
import { atLeast } from "./options.ts";

const STAY_ALIVE_MS = 60_000; // any; nothing else holds the process open
const DEFAULT_PORT = 4180; // as the service's own

/** `tripline demo`: recorded agents at work, then one that goes wrong and is stopped. */
export function addDemo(program: Command, context: CommandContext): void {
  program
    .command("demo")
    .summary("see it work: recorded agents, then one that goes wrong and is stopped")
    .description(
      "Starts Tripline on a fresh data directory (or uses the one that --url names, and puts it back as it was), replays " +
        "recorded agent runs, then lets an agent read a key and mail it away. Shows the alert, the revocation, the refused next " +
        "call and the time it took; then leaves the console open until Ctrl-C.",
    )
    .option("--port <n>", "port of the demo's service; 0: any free one", atLeast(0), DEFAULT_PORT)
    .option("--exit", "end after the show")
    .action(async (options: { port: number; exit?: boolean }, command: Command) => {
      const say = (text: string) => context.out(`${text}\n`);
      const closing: Closer[] = [];
      try {
        const stage = await setUp({ ...globals(command), port: options.port }, context, closing, say);
        await show(stage, context, say);
        say(`\nThe console: ${tone(context, "strong", stage.consoleUrl)}`);
        if (options.exit !== true) {
          say("Look around; Ctrl-C ends the demo.");
          await until(context.signal);
        }
      } finally {
        await closeAll(closing);
      }
    });
}

/** Last built first; one that fails keeps no other from being closed. */
async function closeAll(closing: readonly Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closing.toReversed()) {
    await close().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function until(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => undefined, STAY_ALIVE_MS);
    const end = () => {
      clearInterval(alive);
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}
