import type { RecordSource, Selection } from "@tripline/verify";
import { type Command, InvalidArgumentError, Option } from "commander";
import { resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";
import { parseWhen, WHEN_HELP } from "../time/when.ts";
import { ApiSource } from "../verify/api-source.ts";
import { openLedger, type ReadableLedger } from "../verify/ledger-place.ts";
import { ServerSource } from "../verify/server-source.ts";
import { collectWhere, type WhereOptions } from "../verify/where.ts";
import { globals } from "./command.ts";

/** Which records, from where, and where their ledger is: what `verify` and `export` are both told. */
export interface SealedRecordsOptions {
  from?: string;
  to?: string;
  where?: WhereOptions;
  event?: string;
  ledger?: string;
  store?: string;
}

export const LEDGER_PLACE =
  "directory or URL of the ledger (default: TRIPLINE_LEDGER, else in the data directory)";

export function sealedRecordsOptions(command: Command, context: CommandContext): Command {
  return command
    .addOption(rangeOption("from", context))
    .addOption(rangeOption("to", context))
    .addOption(whereOption())
    .option("--event <id>", "only this event: its proof, and nothing about others")
    .option("--ledger <place>", LEDGER_PLACE)
    .option(
      "--store <url>",
      "read a ClickHouse server and not the service; user and password: TRIPLINE_STORE_USER, TRIPLINE_STORE_PASSWORD",
    );
}

export interface SealedRecords {
  ledger: ReadableLedger;
  source: RecordSource;
  selection: Selection;
  /** Null for all that is selected. */
  event: string | null;
  close(): Promise<void>;
}

/** @throws CommandFailed for a place or server that is none */
export function openSealedRecords(
  options: SealedRecordsOptions,
  command: Command,
  context: CommandContext,
): SealedRecords {
  const { from, to, where, event, store } = options;
  const ledger = openLedger({ ...globals(command), ...options }, context);
  const server = store === undefined ? null : ServerSource.open(store, context);
  return {
    ledger,
    source: server ?? new ApiSource(resolveConnection(globals(command), context), context.signal),
    selection: {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(where === undefined ? {} : { where }),
    },
    event: event?.toLowerCase() ?? null,
    close: async () => server?.close(),
  };
}

export function rangeOption(edge: "from" | "to", context: CommandContext): Option {
  const words = edge === "from" ? "sealed from this time on" : "sealed before this time; a day counts whole";
  return new Option(`--${edge} <when>`, edge === "from" ? `${words}: ${WHEN_HELP}` : words).argParser(
    (text: string) => {
      const parsed = parseWhen(text, edge === "from" ? "since" : "until", context.now());
      if (parsed === null) throw new InvalidArgumentError(`not a time I understand. Try: ${WHEN_HELP}.`);
      return parsed;
    },
  );
}

function whereOption(): Option {
  return new Option(
    "--where <field=value>",
    "principal, session, credential, server, tool, tenant, agent, type, producer or outcome; may be given several times",
  ).argParser(collectWhere);
}
