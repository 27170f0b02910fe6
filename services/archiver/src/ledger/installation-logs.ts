import {
  CATALOG_PATH,
  type CatalogEntry,
  createSigner,
  encodeCatalog,
  type KeyVerifier,
  type LedgerPlace,
  openLog,
  originOf,
  parseCatalog,
  renamedKey,
  type SigningKey,
  type TiledLog,
} from "@tripline/ledger";

const CATALOG_ATTEMPTS = 10; // each fails only because another archiver has just added a log

/** The logs of this installation: all signed by the same keys, each by its own name, and listed in the catalog. */
export class InstallationLogs {
  readonly place: LedgerPlace;
  readonly #keys: readonly [SigningKey, ...SigningKey[]];
  readonly #origins = new Map<string, string>();

  /** @param keys the first names logs that are begun */
  constructor(place: LedgerPlace, keys: readonly [SigningKey, ...SigningKey[]]) {
    this.place = place;
    this.#keys = keys;
  }

  /** The name of the log at `path`: what it was begun with, whatever keys sign it now. */
  async originOf(path: string): Promise<string> {
    const known =
      this.#origins.get(path) ?? (await this.#catalog()).logs.find((each) => each.path === path)?.origin;
    const origin = known ?? originOf(this.#keys[0].verifier.publicKey, path);
    this.#origins.set(path, origin);
    return origin;
  }

  verifiersOf(origin: string): KeyVerifier[] {
    return this.#keys.map((key) => renamedKey(key, origin).verifier);
  }

  /** Opens the log at `path`, or begins it. @throws LedgerErrors of `openLog` and the storage */
  async open(path: string): Promise<TiledLog> {
    const origin = await this.originOf(path);
    const signers = this.#keys.map((key) => createSigner(renamedKey(key, origin)));
    const log = await openLog({ storage: this.place.storageOf(path), origin, signers });
    await this.#list(
      this.verifiersOf(origin).map(({ verifierKey }) => ({ path, origin, verifier_key: verifierKey })),
    );
    return log;
  }

  async #catalog(): Promise<{ bytes: Uint8Array | null; logs: CatalogEntry[] }> {
    const bytes = await this.place.storageOf("").read(CATALOG_PATH);
    return { bytes, logs: bytes === null ? [] : parseCatalog(bytes) };
  }

  async #list(entries: readonly CatalogEntry[]): Promise<void> {
    const storage = this.place.storageOf("");
    for (let attempt = 0; attempt < CATALOG_ATTEMPTS; attempt += 1) {
      const { bytes, logs } = await this.#catalog();
      const known = new Set(logs.map(({ path, verifier_key }) => `${path} ${verifier_key}`));
      const added = entries.filter(({ path, verifier_key }) => !known.has(`${path} ${verifier_key}`));
      if (added.length === 0) return;
      if (await storage.replace(CATALOG_PATH, bytes, encodeCatalog([...logs, ...added]))) return;
    }
  }
}
