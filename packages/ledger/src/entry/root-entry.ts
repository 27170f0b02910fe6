import { type Checkpoint, encodeCheckpoint, parseCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { MAX_ENTRY_BYTES } from "../tiles/bundle.ts";

/** What a root log's entry says: at this time the other logs had grown to this. */
export interface RootEntry {
  /** RFC 3339 with milliseconds, in UTC: the writer's clock. */
  time: string;
  /** Of the logs that have grown since the entry before; none of them did is worth an entry too. */
  checkpoints: readonly Checkpoint[];
}

const VERSION = 1;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** One line of JSON, in UTF-8. @throws LedgerError TRIPLINE_LEDGER_INVALID for more checkpoints than an entry holds */
export function rootEntry({ time, checkpoints }: RootEntry): Uint8Array {
  const text = JSON.stringify({ v: VERSION, time, checkpoints: checkpoints.map(encodeCheckpoint) });
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_ENTRY_BYTES)
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      `${checkpoints.length} checkpoints are too much for one entry of the root log: give them to several`,
    );
  return bytes;
}

/** @throws LedgerError TRIPLINE_LEDGER_INVALID for what is not written as `rootEntry` does */
export function readRootEntry(entry: Uint8Array): RootEntry {
  const invalid = (what: string, cause?: unknown): LedgerError =>
    new LedgerError("TRIPLINE_LEDGER_INVALID", `an entry of the root log ${what}`, cause);
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(entry));
  } catch (cause) {
    throw invalid("is not JSON in UTF-8", cause);
  }
  if (typeof said !== "object" || said === null) throw invalid("is no object");
  const { v, time, checkpoints, ...more } = said as Record<string, unknown>; // an object's members, each checked below
  if (v !== VERSION || Object.keys(more).length > 0)
    throw invalid("has another form than this version knows");
  if (typeof time !== "string" || !TIME.test(time)) throw invalid("has no time in UTC with milliseconds");
  if (!Array.isArray(checkpoints)) throw invalid("has no list of checkpoints");
  return {
    time,
    checkpoints: checkpoints.map((text: unknown) => {
      if (typeof text !== "string") throw invalid("has a checkpoint that is no text");
      return parseCheckpoint(text);
    }),
  };
}
