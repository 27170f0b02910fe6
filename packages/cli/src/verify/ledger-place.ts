import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FileReader, LedgerError, type LedgerPlace, openPlace } from "@tripline/ledger";
import type { LedgerFiles } from "@tripline/verify";
import { dataDirectory } from "../connection/client-file.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { HttpFiles } from "./http-files.ts";

/** A ledger to read, and where that is, for people. */
export interface ReadableLedger extends LedgerFiles {
  addressOf(path: string): string;
}

/**
 * Where the ledger is: `--ledger`, else TRIPLINE_LEDGER, else `ledger` in the data directory. A directory, file:, s3:, or http(s): where
 * somebody serves its files.
 */
export function openLedger(
  options: { ledger?: string | undefined; data?: string | undefined },
  context: CommandContext,
): ReadableLedger {
  const named = options.ledger ?? context.env.TRIPLINE_LEDGER;
  if (named === "off")
    throw new CommandFailed(EXIT.failure, "the ledger is off here (TRIPLINE_LEDGER): name one with --ledger");
  const place = named ?? join(dataDirectory(options.data, context.env, context.home), "ledger");
  if (/^https?:\/\//.test(place)) {
    const base = place.replace(/\/+$/, "");
    const below = (path: string) => (path === "" ? base : `${base}/${path}`);
    return { addressOf: below, of: (path) => new HttpFiles(below(path), context.signal) };
  }
  const url = /^(file|s3):/.test(place) ? place : pathToFileURL(resolve(place)).href;
  if (url.startsWith("file:") && !existsSync(new URL(url)))
    throw new CommandFailed(
      EXIT.failure,
      `there is no ledger at ${place}: name its directory or address with --ledger`,
    );
  const opened = openOr(url, context);
  if (url.startsWith("file:"))
    return {
      addressOf: (path) => opened.addressOf(path),
      of: (path) => new FileReader(opened.addressOf(path)),
    };
  return { addressOf: (path) => opened.addressOf(path), of: (path) => opened.storageOf(path) };
}

function openOr(url: string, context: CommandContext): LedgerPlace {
  try {
    return openPlace(url, { env: context.env });
  } catch (error) {
    if (error instanceof LedgerError) throw new CommandFailed(EXIT.usage, error.message, error);
    throw error;
  }
}
