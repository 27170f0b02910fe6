import { LedgerError } from "@tripline/ledger";
import { terminalLine } from "@tripline/service/escape";
import {
  type AuditEvent,
  audit,
  type BundleEvent,
  type Finding,
  listedOf,
  type Summary,
  verifyBundle,
} from "@tripline/verify";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EndedWith, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { openBundle } from "../verify/bundle-files.ts";
import { openLedger } from "../verify/ledger-place.ts";
import { readKept, readPolicy } from "../verify/policy-file.ts";
import { findingLine, summaryLines } from "../verify/report.ts";
import { withTimestamp } from "../verify/timestamps.ts";
import { globals } from "./command.ts";
import { collect } from "./options.ts";
import {
  LEDGER_PLACE,
  openSealedRecords,
  rangeOption,
  type SealedRecordsOptions,
  sealedRecordsOptions,
} from "./sealed-records.ts";

/** How `verify` ends. */
const VERIFIED = 0;
const FAILED = 1;
const NOT_CHECKED = 2;
const NOTHING = EXIT.not_found;

const DEFAULT_UNANCHORED_HOURS = 24; // witnesses are asked each second; a day is a long weekend's outage that somebody should hear of
const HOUR_MS = 3_600_000;

const ENDS = `Ends with ${VERIFIED} when all is as it was sealed, ${FAILED} with findings, ${NOT_CHECKED} when it could not be checked or was used wrongly, ${NOTHING} when there is nothing in the range.`;

interface TrustOptions {
  policy?: string;
  checkpoint?: string[];
}

interface StoreOptions extends TrustOptions, SealedRecordsOptions {
  each?: boolean;
  allowUnsealed?: boolean;
  maxUnanchored: number;
}

/** `tripline verify`: is what is stored what was sealed? */
export function addVerify(program: Command, context: CommandContext): void {
  const group = program
    .command("verify")
    .summary("compare stored records, a bundle, or tiles with the ledger")
    .description(
      "Verifies stored records (`tripline verify`, which is `tripline verify store`), an evidence bundle, or the ledger's tiles alone.",
    );
  addStore(group, context);
  addBundle(group, context);
  addTiles(group, context);
}

function addStore(group: Command, context: CommandContext): void {
  trustOptions(sealedRecordsOptions(group.command("store", { isDefault: true }), context))
    .summary("compare stored records with the ledger")
    .description(
      `Compares each position's record with the ledger: MODIFIED, MISSING, INSERTED, REORDERED, PAYLOAD_MISSING, UNSEALED; ERASED and UNANCHORED are said and are no failure by themselves. A condition (--where) narrows what is counted and listed, not what is compared: whose a gone record was, nobody can say. Needs the roles read_payload and administer of who runs the installation; with --store, a ClickHouse user who may read.\n\nExample: tripline verify --from yesterday --policy policy.txt\n\n${ENDS}`,
    )
    .option("--each", "list each erased, expired and unanchored record, and not runs of them")
    .option("--allow-unsealed", "records from before there was a ledger are no failure (nothing proves them)")
    .addOption(
      new Option(
        "--max-unanchored <hours>",
        "fail when records have waited longer for a witnessed checkpoint",
      )
        .default(DEFAULT_UNANCHORED_HOURS)
        .argParser(hours),
    )
    .action(async (options: StoreOptions, command: Command) => {
      await ended(context, globals(command).json === true, async () => {
        const policy = readPolicy(options.policy);
        const kept = readKept(options.checkpoint);
        const { ledger, source, event, selection, close } = openSealedRecords(options, command, context);
        const listed = event === null ? undefined : await listedOf(event, { ledger, source, policy });
        return {
          events: audit({
            ...{ ledger, source, policy, kept, selection, each: options.each === true },
            allowUnsealed: options.allowUnsealed === true,
            ...(listed === undefined ? {} : { listed }),
            staleness: { now: context.now().getTime(), allowedMs: options.maxUnanchored * HOUR_MS },
          }),
          close,
        };
      });
    });
}

function addBundle(group: Command, context: CommandContext): void {
  trustOptions(group.command("bundle"))
    .summary("check an evidence bundle with nothing but itself and a policy")
    .description(
      `Checks a bundle that \`tripline export\` made: a folder, or a .tar file. Needs no service and no network.\n\nExample: tripline verify bundle evidence.tar --policy policy.txt\n\n${ENDS}`,
    )
    .argument("<path>", "the bundle")
    .option("--timestamp-ca <file>", "PEM with the certificate that the timestamp's authority is trusted by")
    .action(async (path: string, options: TrustOptions & { timestampCa?: string }, command: Command) => {
      await ended(context, globals(command).json === true, async () => {
        const bundle = openBundle(path);
        const events = verifyBundle(bundle, readPolicy(options.policy), readKept(options.checkpoint));
        const tell = (words: string) => context.err(`${terminalLine(words)}\n`);
        return { events: withTimestamp(events, bundle, options.timestampCa, tell) };
      });
    });
}

function addTiles(group: Command, context: CommandContext): void {
  trustOptions(group.command("tiles"))
    .summary("check the ledger's own files alone")
    .description(
      `Reads every tile and entry of a ledger and checks that they are what its checkpoints commit to, and that each partition's history only grew. Says nothing about what is stored elsewhere.\n\n${ENDS}`,
    )
    .argument("[place]", LEDGER_PLACE)
    .addOption(rangeOption("from", context))
    .addOption(rangeOption("to", context))
    .action(
      async (
        place: string | undefined,
        options: TrustOptions & { from?: string; to?: string },
        command: Command,
      ) => {
        await ended(context, globals(command).json === true, async () => ({
          events: audit({
            ledger: openLedger({ ...globals(command), ledger: place }, context),
            source: null,
            policy: readPolicy(options.policy),
            kept: readKept(options.checkpoint),
            selection: {
              ...(options.from === undefined ? {} : { from: options.from }),
              ...(options.to === undefined ? {} : { to: options.to }),
            },
          }),
        }));
      },
    );
}

function trustOptions(command: Command): Command {
  return command
    .option(
      "--policy <file>",
      "tlog-policy file: the ledger's key, the witnesses, and how many must agree; without it the ledger's own keys are believed",
    )
    .option(
      "--checkpoint <file>",
      "a root checkpoint kept from before: the ledger must have grown out of it; may be given several times",
      collect,
    );
}

function hours(text: string): number {
  const value = Number(text);
  if (!/^\d{1,6}(\.\d+)?$/.test(text)) throw new InvalidArgumentError("expected a number of hours.");
  return value;
}

interface Checking {
  events: AsyncGenerator<AuditEvent> | AsyncGenerator<BundleEvent>;
  close?: () => Promise<void>;
}

/** Shows what comes, and ends the command as it ended. A failure to look is no finding. */
async function ended(context: CommandContext, json: boolean, start: () => Promise<Checking>): Promise<void> {
  let close: (() => Promise<void>) | undefined;
  try {
    const checking = await start();
    close = checking.close;
    const summary = await show(checking.events, context, json);
    if (summary.state === "failed") throw new EndedWith(FAILED);
    if (summary.state === "nothing") throw new EndedWith(NOTHING);
  } catch (error) {
    if (error instanceof LedgerError) throw new CommandFailed(EXIT.usage, error.message, error); // as NOT_CHECKED
    if (error instanceof CommandFailed && error.exitCode === EXIT.failure)
      throw new CommandFailed(EXIT.usage, error.message, error); // as NOT_CHECKED
    throw error;
  } finally {
    await close?.();
  }
}

async function show(events: Checking["events"], context: CommandContext, json: boolean): Promise<Summary> {
  const progress = new Progress(context);
  for await (const event of events) {
    if (context.signal.aborted) throw new CommandFailed(EXIT.failure, "interrupted");
    if (event.type === "progress") progress.show(event.share, `${event.leaves} positions`);
    else if (json) {
      if (event.type === "summary") return told(event.summary, () => printJson(context, [event]));
      printJson(context, [event]);
    } else if (event.type === "finding") {
      progress.end();
      showFinding(event.finding, context);
    } else if (event.type === "summary") {
      progress.end();
      return told(event.summary, () => context.out(summaryLines(event.summary, context)));
    }
  }
  throw new CommandFailed(EXIT.failure, "the verification ended without a summary");
}

function told(summary: Summary, tell: () => void): Summary {
  tell();
  return summary;
}

export function showFinding(finding: Finding, context: CommandContext): void {
  context.out(findingLine(finding, context));
}
