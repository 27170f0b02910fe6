import { pathToFileURL } from "node:url";
import {
  CATALOG_PATH,
  CHECKPOINT_PATH,
  type LedgerPlace,
  openCheckpoint,
  openPlace,
  parseCatalog,
  parseVerifierKey,
  partitionPath,
  ROOT_PATH,
  readRootEntry,
  TileReader,
} from "@tripline/ledger";
import type { LogRecord } from "@tripline/stream";
import { entryOfValue } from "../../../services/archiver/src/ledger/entries-of-range.ts";

/** A partition of the events topic as it lies in the log. */
export interface LoggedPartition {
  generation: string;
  partition: number;
  /** From offset 0 on. */
  records: readonly LogRecord[];
}

const BUNDLE = 256;

/**
 * How far the ledger in `directory` is from having a leaf for each position of these partitions, that one, and a root log that has
 * taken them in: sentences, none where it is whole. @param atLeast how many positions must have a leaf; later ones may
 */
export async function ledgerFindings(
  directory: string,
  partitions: readonly LoggedPartition[],
  atLeast: (partition: number) => number,
): Promise<string[]> {
  const place = openPlace(pathToFileURL(directory).href, { env: {} });
  const { taken, found } = await takenByRoot(place);
  for (const { generation, partition, records } of partitions) {
    const path = partitionPath(generation, partition);
    const log = await readerOf(place, path);
    const sealed = log?.reader.head.size ?? 0;
    if (sealed < atLeast(partition))
      found.push(`${path} has ${sealed} leaves for ${atLeast(partition)} stored positions`);
    if (log === null) continue;
    if ((taken.get(log.origin) ?? 0) < sealed)
      found.push(
        `the root log has taken in ${taken.get(log.origin) ?? 0} of the ${sealed} leaves of ${path}`,
      );
    found.push(...(await differences(path, log.reader, records)));
  }
  return found;
}

/** Leaves that are not what lies in the log; what came after the log was read is left out. */
async function differences(
  path: string,
  reader: TileReader,
  records: readonly LogRecord[],
): Promise<string[]> {
  const found: string[] = [];
  for (let bundle = 0; bundle * BUNDLE < reader.head.size; bundle += 1) {
    const entries = await reader.entries(bundle).catch((error: unknown) => {
      found.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    for (const [at, entry] of entries.entries()) {
      const offset = bundle * BUNDLE + at;
      const record = records[offset];
      if (record === undefined) continue;
      if (record.offset !== offset) found.push(`${path} has leaf ${offset}, and the log no record there`);
      else if (!Buffer.from(entryOfValue(record)).equals(entry))
        found.push(`leaf ${offset} of ${path} is not the record's`);
    }
  }
  return found;
}

async function readerOf(
  place: LedgerPlace,
  path: string,
): Promise<{ origin: string; reader: TileReader } | null> {
  const storage = place.storageOf(path);
  const note = await storage.read(CHECKPOINT_PATH);
  const catalog = await place.storageOf("").read(CATALOG_PATH);
  if (note === null || catalog === null) return null;
  const keys = parseCatalog(catalog)
    .filter((each) => each.path === path)
    .map(({ verifier_key }) => parseVerifierKey(verifier_key));
  const { origin, size, root } = openCheckpoint(note, keys);
  return { origin, reader: new TileReader(storage, { size, root }) };
}

/** The largest size of each log that the root log's entries name. */
async function takenByRoot(place: LedgerPlace): Promise<{ taken: Map<string, number>; found: string[] }> {
  const taken = new Map<string, number>();
  const found: string[] = [];
  const root = await readerOf(place, ROOT_PATH);
  for (let bundle = 0; root !== null && bundle * BUNDLE < root.reader.head.size; bundle += 1) {
    const entries = await root.reader.entries(bundle).catch((error: unknown) => {
      found.push(`${ROOT_PATH}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    for (const entry of entries) {
      for (const { origin, size } of readRootEntry(entry).checkpoints)
        taken.set(origin, Math.max(size, taken.get(origin) ?? 0));
    }
  }
  return { taken, found };
}
