import {
  type Envelope,
  ErasureIndex,
  envelopeSchema,
  isRemoved,
  type RemovedEnvelopes,
  removedBy,
} from "@tripline/events/sealed";
import { textOf } from "./bytes.ts";
import { parseObject } from "./selection.ts";
import { type PlacedRow, pathOf } from "./sources.ts";

const SEALED_WITHIN_MS = 7 * 24 * 3600_000; // what is stored is sealed while the topic still holds it: see `PartitionLog`

interface Removal {
  record: Envelope;
  removed: RemovedEnvelopes;
}

/** Which sealed records of erasures and retention cover what. */
export class SealedErasures {
  readonly #index = new ErasureIndex();
  /** By the path of their log. */
  readonly #removals = new Map<string, Removal[]>();
  #removedBefore = "";

  /** @param isSealed whether the row is what its leaf says: others count for nothing */
  static async of(rows: readonly PlacedRow[], isSealed: (row: PlacedRow) => Promise<boolean>) {
    const erasures = new SealedErasures();
    for (const row of rows) {
      const parsed = envelopeSchema.safeParse(parseObject(textOf(row.envelope)));
      if (parsed.success && (await isSealed(row))) erasures.#add(parsed.data);
    }
    return erasures;
  }

  #add(record: Envelope): void {
    this.#index.add(record);
    const removed = removedBy(record);
    if (removed === null) return;
    const path = pathOf(removed);
    this.#removals.set(path, [...(this.#removals.get(path) ?? []), { record, removed }]);
    if (removed.before > this.#removedBefore) this.#removedBefore = removed.before;
  }

  /**
   * The record that says that the envelope of this leaf was removed.
   * @param sealedMs when the root log took the leaf in: what is younger than the record says was not removed under it
   */
  removing(path: string, index: number, sealedMs: number): Envelope | null {
    const found = this.#removals
      .get(path)
      ?.find(
        ({ removed }) =>
          isRemoved(removed, index) && sealedMs < Date.parse(removed.before) + SEALED_WITHIN_MS,
      );
    return found?.record ?? null;
  }

  get removesAny(): boolean {
    return this.#removals.size > 0;
  }

  /**
   * Whether a leaf without a row may be of what came again after its first copy was removed with its age: it was sealed since, and its id,
   * which is sealed with it, was made before.
   */
  mayRepeatRemoved(made: string | null, sealedMs: number): boolean {
    return made !== null && made < this.#removedBefore && sealedMs >= Date.parse(this.#removedBefore);
  }

  /** The record that covers the payload of this envelope, whose bytes were found to be the sealed ones. */
  covering(envelope: Uint8Array): Envelope | null {
    const parsed = envelopeSchema.safeParse(parseObject(textOf(envelope)));
    return parsed.success ? this.#index.covering(parsed.data) : null;
  }
}
