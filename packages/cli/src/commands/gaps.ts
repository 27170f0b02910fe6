import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { z } from "zod";
import type { ApiClient, Query } from "../api/client.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EndedWith, EXIT } from "../exit.ts";
import { printJson, type Tone, tone } from "../output/print.ts";
import { localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";
import { whenOption } from "./options.ts";

/** How the command ends, as `grep` and `doctor` do. */
const NOTHING = 0;
const FOUND = 1;
const NOT_LOOKED = 2;

const MAX_RANGES_SHOWN = 8;

const gapSchema = z.looseObject({
  kind: z.string(),
  producer: z.string(),
  boot: z.string(),
  ranges: z.array(z.looseObject({ first_seq: z.number(), last_seq: z.number() })),
  more: z.boolean(),
  numbers: z.number(),
  after: z.string().nullable(),
  before: z.string().nullable(),
  declared: z.record(z.string(), z.number()),
  record_id: z.string().nullable(),
  detail: z.string(),
});
type Gap = z.infer<typeof gapSchema>;

const gapsAnswer = z.looseObject({
  since: z.string(),
  until: z.string(),
  gaps: z.array(gapSchema),
  boots: z.number(),
  records: z.number(),
  next: z.string().nullable(),
});

interface Options {
  since?: string;
  until?: string;
  producer?: string;
  hashes: boolean;
}

/** `tripline gaps`: what was sent and is not stored. */
export function addGaps(program: Command, context: CommandContext): void {
  program
    .command("gaps")
    .summary("what producers sent and the store lacks")
    .description(
      "Names every record that a producer sent and the store lacks, every producer that fell silent or never said goodbye, " +
        "every interval whose hash differs, and numbers or boots that were used twice. Looks at the last 24 hours unless told " +
        `otherwise. Ends with ${NOTHING} when there are no findings, ${FOUND} with findings, ${NOT_LOOKED} when it could not look.\n\n` +
        "Example: tripline gaps --since yesterday --producer gw-1",
    )
    .addOption(whenOption("since", context))
    .addOption(whenOption("until", context))
    .option("--producer <id>", "only this producer")
    .option("--no-hashes", "look at numbers and heartbeats only, which is quicker")
    .action(async (options: Options, command: Command) => {
      const client = connect(command, context);
      const json = globals(command).json === true;
      const examined = await everyPage(client, options, (gap) => {
        if (json) printJson(context, [gap]);
        else context.out(words(gap, context));
      }).catch(notLooked);
      if (!json) context.err(summary(examined));
      if (examined.gaps > 0) throw new EndedWith(FOUND);
    });
}

/** A service that does not answer must not look like a finding. */
function notLooked(error: unknown): never {
  if (!(error instanceof CommandFailed) || error.exitCode !== EXIT.failure) throw error;
  throw new CommandFailed(EXIT.usage, error.message, error); // as NOT_LOOKED
}

interface Examined {
  gaps: number;
  boots: number;
  records: number;
  since: string;
  until: string;
}

/** Each finding as its page comes; the range is that of the first page, so that all pages look at one. */
async function everyPage(client: ApiClient, options: Options, show: (gap: Gap) => void): Promise<Examined> {
  const { since, until, producer, hashes } = options;
  let query: Query = { since, until, producer, hashes };
  const examined: Examined = { gaps: 0, boots: 0, records: 0, since: "", until: "" };
  for (;;) {
    const page = await client.request("GET", "/api/gaps", gapsAnswer, { query });
    for (const gap of page.gaps) show(gap);
    examined.gaps += page.gaps.length;
    examined.boots += page.boots;
    examined.records += page.records;
    examined.since = page.since;
    examined.until = page.until;
    if (page.next === null) return examined;
    query = { since: page.since, until: page.until, producer, hashes, cursor: page.next };
  }
}

const TONES: Readonly<Record<string, Tone>> = {
  missing: "bad",
  altered: "bad",
  chain_broken: "bad",
  sequence_reused: "bad",
  boot_reused: "bad",
  heartbeat_missing: "warn",
  dropped: "warn",
  dead_lettered: "warn",
  silent: "warn",
};

function words(gap: Gap, context: CommandContext): string {
  const { after, before, declared, kind } = gap;
  const kindInTone = tone(context, TONES[kind] ?? "dim", terminalLine(kind.replaceAll("_", " ")));
  const details = [
    `boot ${terminalLine(gap.boot)}`,
    numbers(gap),
    between(after, before),
    Object.keys(declared).length === 0
      ? ""
      : `declared as dropped: ${Object.entries(declared)
          .map(([reason, count]) => `${terminalLine(reason)} ${count}`)
          .join(", ")}`,
    gap.record_id === null ? "" : `heartbeat ${terminalLine(gap.record_id)}`,
  ].filter((line) => line !== "");
  return [
    `${kindInTone}  ${terminalLine(gap.producer)}: ${terminalLine(gap.detail)}\n`,
    ...details.map((line) => `    ${line}\n`),
  ].join("");
}

function numbers({ ranges, more, numbers: count }: Gap): string {
  if (ranges.length === 0) return count === 0 ? "" : `${count} records`;
  const shown = ranges
    .slice(0, MAX_RANGES_SHOWN)
    .map(({ first_seq, last_seq }) => (first_seq === last_seq ? `${first_seq}` : `${first_seq}–${last_seq}`));
  const rest = more || ranges.length > MAX_RANGES_SHOWN ? " and more (--json lists them)" : "";
  return `numbers ${shown.join(", ")}${rest}: ${count} in all`;
}

function between(after: string | null, before: string | null): string {
  if (after !== null && before !== null) return `between ${localTime(after)} and ${localTime(before)}`;
  if (after !== null) return `since ${localTime(after)}`;
  return before === null ? "" : `before ${localTime(before)}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function summary({ gaps, boots, records, since, until }: Examined): string {
  const found = gaps === 0 ? "no gaps" : `${gaps} ${gaps === 1 ? "finding" : "findings"}`;
  return `${found} from ${localTime(since)} to ${localTime(until)}: ${count(boots, "boot")}, ${count(records, "record")} examined\n`;
}
