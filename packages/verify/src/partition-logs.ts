import { type Anchor, type LogView, pathOfOrigin, sizesAt } from "@tripline/ledger/verify";
import { isEntryOf } from "./block-check.ts";
import { known, type LedgerFiles, openPartition, type PartitionLog } from "./ledger-files.ts";
import { type PlacedRow, pathOf } from "./sources.ts";

/** The partitions' logs, each opened once, at the state that the root log's last word is a part of. */
export class PartitionLogs {
  readonly #ledger: LedgerFiles;
  readonly #root: LogView;
  /** By origin. */
  readonly #last: Map<string, Anchor>;
  readonly #open = new Map<string, Promise<PartitionLog>>();

  /** @param last the root log's last word on each log that is known */
  constructor(ledger: LedgerFiles, root: LogView, last: Map<string, Anchor>) {
    this.#ledger = ledger;
    this.#root = root;
    this.#last = last;
  }

  async of(origin: string): Promise<PartitionLog> {
    let opening = this.#open.get(origin);
    if (opening === undefined) {
      opening = this.#openLog(origin);
      this.#open.set(origin, opening);
    }
    return opening;
  }

  /** What the root log has said too, for a log that is not known yet. */
  atLeast(anchor: Anchor): void {
    if (!this.#last.has(anchor.origin)) this.#last.set(anchor.origin, anchor);
  }

  /** How many leaves the root log has last said of it; null where it has said nothing. */
  sizeAt(path: string): number | null {
    return this.#lastOf(path)?.size ?? null;
  }

  /** Whether a row is what its own leaf says. */
  async isSealed(row: PlacedRow): Promise<boolean> {
    const last = this.#lastOf(pathOf(row));
    if (last === undefined || row.index >= last.size) return false;
    const { view, path } = await this.of(last.origin);
    if (view === null) return false;
    try {
      return isEntryOf(await view.entry(row.index), row);
    } catch (error) {
      known(error, path); // said when the position itself is looked at
      return false;
    }
  }

  async #openLog(origin: string): Promise<PartitionLog> {
    if (!this.#last.has(origin)) {
      const found = await sizesAt(this.#root, this.#root.head.size - 1, [origin]);
      for (const [name, anchor] of found) if (!this.#last.has(name)) this.#last.set(name, anchor);
    }
    const last = this.#last.get(origin);
    if (last === undefined) throw new RangeError(`the root log does not name ${origin}`);
    return openPartition(this.#ledger, last);
  }

  #lastOf(path: string): Anchor | undefined {
    return [...this.#last.values()].find(({ origin }) => pathOfOrigin(origin) === path);
  }
}
