import {
  CATALOG_PATH,
  type CatalogEntry,
  createSigner,
  encodeCatalog,
  type LedgerPlace,
  openLog,
  originOf,
  parseCatalog,
  renamedKey,
  type SigningKey,
  type TiledLog,
} from "@tripline/ledger";

const CATALOG_ATTEMPTS = 10; // each fails only because another archiver has just added a log

/** The logs of this installation: all signed by one key, each by its own name, and listed in the catalog. */
export class InstallationLogs {
  readonly place: LedgerPlace;
  readonly #key: SigningKey;

  constructor(place: LedgerPlace, key: SigningKey) {
    this.place = place;
    this.#key = key;
  }

  entryOf(path: string): CatalogEntry {
    const origin = originOf(this.#key.verifier.publicKey, path);
    return { path, origin, verifier_key: renamedKey(this.#key, origin).verifier.verifierKey };
  }

  /** Opens the log at `path`, or begins it. @throws LedgerErrors of `openLog` and the storage */
  async open(path: string): Promise<TiledLog> {
    const entry = this.entryOf(path);
    const signers = [createSigner(renamedKey(this.#key, entry.origin))];
    const log = await openLog({ storage: this.place.storageOf(path), origin: entry.origin, signers });
    await this.#list(entry);
    return log;
  }

  async #list(entry: CatalogEntry): Promise<void> {
    const storage = this.place.storageOf("");
    for (let attempt = 0; attempt < CATALOG_ATTEMPTS; attempt += 1) {
      const known = await storage.read(CATALOG_PATH);
      const logs = known === null ? [] : parseCatalog(known);
      const same = ({ path, verifier_key }: CatalogEntry): boolean =>
        path === entry.path && verifier_key === entry.verifier_key;
      if (logs.some(same)) return;
      if (await storage.replace(CATALOG_PATH, known, encodeCatalog([...logs, entry]))) return;
    }
  }
}
