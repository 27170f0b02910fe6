import { readFileSync } from "node:fs";
import { LedgerError } from "@tripline/ledger";
import { requestTimestamp, verifyTimestamp } from "@tripline/ledger/timestamp";
import type { BundleEvent, BundleFiles, Finding } from "@tripline/verify";
import { CommandFailed, EXIT } from "../exit.ts";

/** What an authority's timestamp in a bundle is over, and where it is: as `openssl ts -verify` takes them. */
export const STAMPED_PATH = "checkpoints/end.note";
export const TIMESTAMP_PATH = "timestamps/end.tsr";

/** How to get a timestamp of some bytes; null where none is asked for. */
export function timestamping(options: {
  timestamp?: string;
  timestampCa?: string;
}): ((message: Uint8Array) => Promise<Uint8Array>) | null {
  const { timestamp: url, timestampCa: ca } = options;
  if (url === undefined) return null;
  if (ca === undefined)
    throw new CommandFailed(
      EXIT.usage,
      "--timestamp needs --timestamp-ca: its answer is verified before it is kept",
    );
  const trusted = readPem(ca);
  return async (message) => {
    try {
      return (await requestTimestamp(message, { url, trusted })).response;
    } catch (error) {
      if (error instanceof LedgerError) throw new CommandFailed(EXIT.failure, error.message, error);
      throw error;
    }
  };
}

/**
 * A bundle's verification, and that of its timestamp: one that is not over its checkpoint, or not by an authority that is trusted, is
 * damage. @param told what it says @param ca null: it is not looked at
 */
export async function* withTimestamp(
  events: AsyncGenerator<BundleEvent>,
  bundle: BundleFiles,
  ca: string | undefined,
  told: (words: string) => void,
): AsyncGenerator<BundleEvent> {
  const stamp = await bundle.read(TIMESTAMP_PATH);
  const damage = stamp === null && ca === undefined ? null : await check(stamp);
  if (damage !== null) yield { type: "finding", finding: damage };
  for await (const event of events) {
    if (event.type !== "summary" || damage === null) yield event;
    else {
      const { findings } = event.summary;
      const all = { ...findings, BUNDLE_DAMAGED: (findings.BUNDLE_DAMAGED ?? 0) + 1 };
      yield { type: "summary", summary: { ...event.summary, state: "failed", findings: all } };
    }
  }

  async function check(response: Uint8Array | null): Promise<Finding | null> {
    if (ca === undefined) {
      told(
        "a timestamp is in it, which was not checked: name the authority's certificate with --timestamp-ca",
      );
      return null;
    }
    const message = await bundle.read(STAMPED_PATH);
    if (response === null || message === null) return damaged("there is no timestamp to check");
    try {
      const { time, authority } = verifyTimestamp(response, { message, trusted: readPem(ca) });
      told(
        `the ledger's checkpoint existed at ${time.toISOString()}, by the word of ${authority.replaceAll("\n", ", ")}`,
      );
      return null;
    } catch (error) {
      if (error instanceof LedgerError) return damaged(error.message);
      throw error;
    }
  }
}

function damaged(what: string): Finding {
  return {
    kind: "BUNDLE_DAMAGED",
    log: null,
    index: null,
    id: null,
    time: null,
    what,
    files: [TIMESTAMP_PATH],
  };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CommandFailed(EXIT.usage, `${path} can't be read`, cause);
  }
}
