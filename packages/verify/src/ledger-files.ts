import {
  type Anchor,
  CATALOG_PATH,
  type CatalogEntry,
  faultOf,
  GrowingRoot,
  type LedgerFault,
  LogView,
  type Policy,
  type PolicyLog,
  parseCatalog,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  pathOfOrigin,
  type ResourceReader,
  ROOT_PATH,
  sameBytes,
  type TreeHead,
} from "@tripline/ledger/verify";

/** A ledger's files: of each log below its path, of the ledger itself (its catalog) below "". */
export interface LedgerFiles {
  of(path: string): ResourceReader;
}

/** @throws LedgerError for a catalog of another form; null where there is none */
export async function readCatalog(ledger: LedgerFiles): Promise<CatalogEntry[] | null> {
  const bytes = await ledger.of("").read(CATALOG_PATH);
  return bytes === null ? null : parseCatalog(bytes);
}

/** The root log's keys as the ledger itself states them: for who was given none. */
export function statedRootKeys(catalog: readonly CatalogEntry[]): PolicyLog[] {
  return catalog
    .filter(({ path }) => path === ROOT_PATH)
    .map(({ verifier_key }) => ({ key: parseVerifierKey(verifier_key), url: null }));
}

/** The policy of who has none: the ledger's own word, without a witness. */
export function policyWithout(logs: PolicyLog[]): Policy {
  return { logs, witnesses: [], quorum: "none" };
}

export interface PartitionLog {
  path: string;
  /** Null where nothing of it can be read. */
  view: LogView | null;
  /** Of the view's tree. */
  roots: GrowingRoot | null;
  faults: LedgerFault[];
}

/**
 * A partition's log in a state that the root log's last word on it is a part of. Its own checkpoint only says which partial
 * tiles exist: what is believed is the root log's.
 */
export async function openPartition(ledger: LedgerFiles, last: Anchor): Promise<PartitionLog> {
  const path = pathOfOrigin(last.origin);
  if (path === null) {
    const what = `the root log names ${last.origin}, which is no partition's log`;
    return {
      path: last.origin,
      view: null,
      roots: null,
      faults: [{ kind: "FORKED", log: ROOT_PATH, what, files: [] }],
    };
  }
  const storage = ledger.of(path);
  const faults: LedgerFault[] = [];
  try {
    const view = await LogView.open(storage, (note): TreeHead => parseCheckpoint(parseNote(note).text));
    if (view.head.size < last.size) {
      const what = `its checkpoint has ${view.head.size} leaves, and the root log has said ${last.size}`;
      faults.push({ kind: "ROLLED_BACK", log: path, what, files: ["checkpoint"] });
    } else if (sameBytes(await view.reader.rootAt(last.size), last.root)) return opened(path, view, faults);
    else {
      const what = `its tree is not the one that the root log took in at ${last.time} (${last.size} leaves)`;
      faults.push({ kind: "FORKED", log: path, what, files: [] });
    }
  } catch (error) {
    faults.push(known(error, path));
  }
  try {
    return opened(path, await LogView.at(storage, last), faults);
  } catch (error) {
    const fault = known(error, path);
    return {
      path,
      view: null,
      roots: null,
      faults: faults.some(({ what }) => what === fault.what) ? faults : [...faults, fault],
    };
  }
}

function opened(path: string, view: LogView, faults: LedgerFault[]): PartitionLog {
  return { path, view, roots: new GrowingRoot(view.reader), faults };
}

/** @throws what is no damage */
export function known(error: unknown, path: string): LedgerFault {
  const fault = faultOf(error, path);
  if (fault === null) throw error;
  return fault;
}
