import type { PartitionInfo } from "@tripline/stream";
import type { Ledger } from "./ledger.ts";
import type { PartitionLedger } from "./partition-ledger.ts";

/** The ledgers of the partitions that this process owns. */
export class OwnedLedgers {
  readonly #ledger: Ledger | null;
  #open: PartitionLedger[] = [];

  /** @param ledger null: nothing is sealed */
  constructor(ledger: Ledger | null) {
    this.#ledger = ledger;
  }

  /** For a partition that was just given to this process; whoever has it closes it when the partition is lost. */
  of(info: Pick<PartitionInfo, "partition" | "generation">): PartitionLedger | null {
    if (this.#ledger === null) return null;
    const opened = this.#ledger.partition(info);
    this.#open = [...this.#open.filter(({ isClosed }) => !isClosed), opened];
    return opened;
  }

  get trouble(): string | null {
    return this.#open.map(({ trouble }) => trouble).find((trouble) => trouble !== null) ?? null;
  }

  /** Resolves when all that was stored is sealed, as far as that can be done now. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map((each) => each.close()));
    this.#open = [];
  }
}
