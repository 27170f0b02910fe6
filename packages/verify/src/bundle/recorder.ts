import type { ResourceReader } from "@tripline/ledger/verify";
import type { LedgerFiles } from "../ledger-files.ts";
import type { PartitionOf, PlacedRow, RecordSource, StoredBlock } from "../sources.ts";
import { LEDGER_FOLDER } from "./manifest.ts";

/** Writes down which files of a ledger were needed: those go into the bundle, whose verification then needs no others. */
export class RecordedLedger implements LedgerFiles {
  readonly #ledger: LedgerFiles;
  /** By their path in the bundle. */
  readonly files = new Map<string, Uint8Array>();

  constructor(ledger: LedgerFiles) {
    this.#ledger = ledger;
  }

  of(path: string): ResourceReader {
    const storage = this.#ledger.of(path);
    return {
      read: async (file) => {
        const bytes = await storage.read(file);
        if (bytes !== null)
          this.files.set([LEDGER_FOLDER, path, file].filter((part) => part !== "").join("/"), bytes);
        return bytes;
      },
    };
  }
}

export interface TakenAside {
  row: PlacedRow;
  role: "elsewhere" | "erasure";
}

const MOST_POSITIONS = 32_768; // of what is written at once

/** A source which hands on all that is read of it. */
export class RecordedSource implements RecordSource {
  readonly #source: RecordSource;
  readonly #onBlock: (of: PartitionOf, block: StoredBlock) => void;
  readonly #onAside: (aside: TakenAside) => void;

  constructor(
    source: RecordSource,
    onBlock: (of: PartitionOf, block: StoredBlock) => void,
    onAside: (aside: TakenAside) => void,
  ) {
    this.#source = source;
    this.#onBlock = onBlock;
    this.#onAside = onAside;
  }

  get most(): number {
    return Math.min(this.#source.most ?? MOST_POSITIONS, MOST_POSITIONS);
  }

  async read(of: PartitionOf, from: number, to: number): Promise<StoredBlock> {
    const block = await this.#source.read(of, from, to);
    this.#onBlock(of, block);
    return block;
  }

  exact(of: PartitionOf, from: number, to: number): Promise<StoredBlock> {
    return this.#source.exact(of, from, to);
  }

  async byId(ids: readonly string[]): Promise<PlacedRow[]> {
    const rows = await this.#source.byId(ids);
    for (const row of rows) this.#onAside({ row, role: "elsewhere" });
    return rows;
  }

  async erasures(): Promise<PlacedRow[]> {
    const rows = await this.#source.erasures();
    for (const row of rows) this.#onAside({ row, role: "erasure" });
    return rows;
  }

  partitions() {
    return this.#source.partitions();
  }
}
