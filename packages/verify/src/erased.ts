import { type Envelope, ErasureIndex, envelopeSchema } from "@tripline/events/sealed";
import { textOf } from "./bytes.ts";
import { parseObject } from "./selection.ts";
import type { PlacedRow } from "./sources.ts";

/** Which sealed records of erasures cover what. */
export class SealedErasures {
  readonly #index = new ErasureIndex();

  /** @param isSealed whether the row is what its leaf says: others count for nothing */
  static async of(rows: readonly PlacedRow[], isSealed: (row: PlacedRow) => Promise<boolean>) {
    const erasures = new SealedErasures();
    for (const row of rows) {
      const parsed = envelopeSchema.safeParse(parseObject(textOf(row.envelope)));
      if (parsed.success && (await isSealed(row))) erasures.#index.add(parsed.data);
    }
    return erasures;
  }

  /** The record that covers the payload of this envelope, whose bytes were found to be the sealed ones. */
  covering(envelope: Uint8Array): Envelope | null {
    const parsed = envelopeSchema.safeParse(parseObject(textOf(envelope)));
    return parsed.success ? this.#index.covering(parsed.data) : null;
  }
}
