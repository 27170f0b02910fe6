import { readFileSync } from "node:fs";
import { makeBundle } from "@tripline/verify";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EndedWith, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { BundleWriter } from "../verify/bundle-writer.ts";
import { readPolicy } from "../verify/policy-file.ts";
import { summaryLines } from "../verify/report.ts";
import { STAMPED_PATH, TIMESTAMP_PATH, timestamping } from "../verify/timestamps.ts";
import { globals } from "./command.ts";
import { openSealedRecords, type SealedRecordsOptions, sealedRecordsOptions } from "./sealed-records.ts";
import { showFinding } from "./verify.ts";

interface Options extends SealedRecordsOptions {
  policy?: string;
  timestamp?: string;
  timestampCa?: string;
  out: string;
}

/** `tripline export`: evidence that can be checked without us. */
export function addExport(program: Command, context: CommandContext): void {
  sealedRecordsOptions(program.command("export"), context)
    .summary("write an evidence bundle for an auditor")
    .description(
      "Writes records in their exact bytes with what proves them: the ledger's files that are needed, checkpoints with their cosignatures, a manifest, a page in plain words, and a page that verifies it in a browser. A range of time is exported whole, so that nothing can be missing in it; with --where or --event it is a selection, which proves each record and says nothing of others. What was asked for is recorded. It holds payloads: mind who gets it.\n\nExample: tripline export --from yesterday --to today --out evidence.tar\n\n" +
        "Ends with 0 when it was written and all in it is as it was sealed, 1 when it was written with findings (or failed), 3 when there is nothing to export.",
    )
    .option("--policy <file>", "tlog-policy file; without it the ledger's own keys are believed")
    .option(
      "--timestamp <url>",
      "have an RFC 3161 authority sign when the ledger's checkpoint existed; needs --timestamp-ca",
    )
    .option("--timestamp-ca <file>", "PEM with the certificate that the authority is trusted by")
    .requiredOption("--out <path>", "a folder, or a file that ends with .tar; must not be there yet")
    .action(async (options: Options, command: Command) => {
      const json = globals(command).json === true;
      const stamp = timestamping(options);
      const policy = readPolicy(options.policy);
      const { ledger, source, selection, event, close } = openSealedRecords(options, command, context);
      const writer = new BundleWriter(options.out, context.now());
      const progress = new Progress(context);
      try {
        const parts = makeBundle({
          ...{ ledger, source, selection, policy, page: verifierPage(), made: context.now().toISOString() },
          ...(event === null ? {} : { id: event }),
        });
        for await (const part of parts) {
          if (context.signal.aborted) throw new CommandFailed(EXIT.failure, "interrupted");
          if (part.type === "file") {
            writer.add(part.path, part.bytes);
            if (part.path === STAMPED_PATH && stamp !== null)
              writer.add(TIMESTAMP_PATH, await stamp(part.bytes));
          } else if (part.type === "progress") progress.show(part.share, `${part.leaves} positions`);
          else if (part.type === "finding") {
            progress.end();
            if (json) printJson(context, [part]);
            else showFinding(part.finding, context);
          } else {
            progress.end();
            const { manifest, summary } = part;
            if (summary.state === "nothing" && manifest.records === 0)
              throw new CommandFailed(EXIT.not_found, "there is nothing to export there");
            writer.finish(manifest);
            if (json) printJson(context, [{ type: "exported", path: options.out, manifest, summary }]);
            else {
              context.out(summaryLines(summary, context));
              context.err(`${manifest.records} records are in ${options.out}\n`);
            }
            if (summary.state === "failed") throw new EndedWith(EXIT.failure);
          }
        }
      } catch (error) {
        progress.end();
        if (!(error instanceof EndedWith)) writer.giveUp();
        throw error;
      } finally {
        await close();
      }
    });
}

function verifierPage(): Uint8Array {
  return readFileSync(new URL(import.meta.resolve("@tripline/verify/page")));
}
