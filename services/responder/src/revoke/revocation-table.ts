import { revocationKey, TOPICS, TriplineError } from "@tripline/events";
import { type PublicKey, verifyRevocation } from "@tripline/response";
import { counter, type ServiceContext } from "@tripline/service";
import type { Log, TableEntry, TableReader } from "@tripline/stream";
import type { RevocationView } from "./revocation-view.ts";

export interface RevocationTableOptions {
  log: Log;
  view: RevocationView;
  /** Whose signatures count. */
  keys: readonly PublicKey[];
  context: ServiceContext;
  /** An entry that none of the keys signed, or that is none at all. */
  onForged?: ((entry: TableEntry) => void) | undefined;
}

/** Fills the view from the revocations topic and keeps it current. Resolves when all that is there now was read. */
export async function followRevocations(options: RevocationTableOptions): Promise<TableReader> {
  const { log, view, keys, context } = options;
  const refused = counter(context.metrics, {
    name: "tripline_responder_revocations_refused_total",
    help: "Entries of the revocations topic that this responder's keys did not sign",
  });
  const reader = await log.readTable(TOPICS.revocations, (entry) => {
    try {
      take(entry, view, keys);
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      refused.inc();
      options.onForged?.(entry);
      const { partition, offset } = entry;
      context.logger.error(
        { code: error.code, partition, offset },
        "an entry of the revocations topic is not ours; it is ignored",
      );
    }
  });
  try {
    await reader.loaded;
  } catch (error) {
    await reader.close();
    throw error;
  }
  return reader;
}

/** @throws TriplineError when the entry is not signed by one of the keys or stands under another entry's key */
function take(entry: TableEntry, view: RevocationView, keys: readonly PublicKey[]): void {
  if (entry.value === null) {
    view.remove(entry.key, entry.offset);
    return;
  }
  const revocation = verifyRevocation(parseJson(entry.value), keys);
  if (revocationKey(revocation) !== entry.key) {
    throw new TriplineError("TRIPLINE_REVOCATION_FORGED", "the revocation stands under another entry's key");
  }
  view.apply(revocation, entry.offset);
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(value));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_REVOCATION_INVALID", "this is not JSON", { cause });
  }
}
