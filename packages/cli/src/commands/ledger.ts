import { terminalLine } from "@tripline/service/escape";
import { readCatalog } from "@tripline/verify";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { openLedger } from "../verify/ledger-place.ts";
import { globals } from "./command.ts";

/** `tripline ledger`: where the ledger is, for software that is not ours. */
export function addLedger(program: Command, context: CommandContext): void {
  const group = program.command("ledger").summary("where the ledger is").description("The ledger's logs.");
  group
    .command("path")
    .summary("each log's origin, verifier key and place")
    .description(
      "Prints, for each log of the ledger, its origin, its verifier key, and the directory or URL of its tiles: what any client of C2SP tlog-tiles needs. The log `root` is the one that witnesses cosign.\n\nExample: tripline --json ledger path",
    )
    .option(
      "--ledger <place>",
      "directory or URL of the ledger (default: TRIPLINE_LEDGER, else in the data directory)",
    )
    .action(async (options: { ledger?: string }, command: Command) => {
      const ledger = openLedger({ ...globals(command), ...options }, context);
      const catalog = await readCatalog(ledger);
      if (catalog === null)
        throw new CommandFailed(EXIT.not_found, `there is no ledger at ${ledger.addressOf("")} yet`);
      const logs = catalog.map((log) => ({ ...log, tiles: ledger.addressOf(log.path) }));
      if (globals(command).json === true) printJson(context, logs);
      else
        for (const { origin, verifier_key, tiles } of logs)
          context.out(
            `${terminalLine(origin)}\n    key    ${terminalLine(verifier_key)}\n    tiles  ${terminalLine(tiles)}\n`,
          );
    });
}
