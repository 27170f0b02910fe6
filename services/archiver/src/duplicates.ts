import type { Boot, HighestSeq } from "@tripline/store";

/** Who numbered a record. */
export interface Numbered {
  tenant: string;
  id: string;
  time: string;
  producer: { id: string; boot: string; seq: number };
}

/**
 * Recognises what a producer sent twice (an acknowledgement that was lost, a resend): at or below the highest seq of its
 * boot that came before, and known to the store. What is at or below it but unknown came late, and is kept. However long
 * ago the first one came: what is not remembered of a boot is asked of the store.
 *
 * The highest seq may be too high (the store may hold the range at hand already, from an earlier attempt): it only says
 * which records are looked up. What is known is decided by what lies before the range, so the same range gives the same
 * rows whenever it is written.
 */
export class DuplicateFilter {
  readonly #highest = new Map<string, number>();

  /** Boots of the range of which nothing is remembered: ask the store, then `learn`. */
  unknownBoots(range: readonly Numbered[]): Boot[] {
    const unknown = new Map<string, Boot>();
    for (const { tenant, producer } of range) {
      const name = key(tenant, producer.id, producer.boot);
      if (this.#highest.has(name) || unknown.has(name)) continue;
      unknown.set(name, { tenant, producer: producer.id, boot: producer.boot });
    }
    return [...unknown.values()];
  }

  /** What the store holds of them. */
  learn(stored: readonly HighestSeq[]): void {
    for (const { tenant, producer, boot, seq } of stored) this.#highest.set(key(tenant, producer, boot), seq);
  }

  /** Looks at a range; nothing is remembered of it until `accept`. */
  look(range: readonly Numbered[]): RangeLook {
    const seen = new Map<string, number>();
    const ids = new Set<string>();
    const repeated: Numbered[] = [];
    const suspects: Numbered[] = [];
    for (const record of range) {
      const { id, boot, seq } = record.producer;
      const name = key(record.tenant, id, boot);
      const highest = seen.get(name) ?? this.#highest.get(name) ?? -1;
      if (seq > highest) seen.set(name, seq);
      else if (ids.has(record.id)) repeated.push(record);
      else suspects.push(record);
      ids.add(record.id);
    }
    return { repeated: new Set(repeated), suspects, seen };
  }

  /** The range is stored. */
  accept(look: RangeLook): void {
    for (const [name, seq] of look.seen) {
      // Re-inserted, so that the map's order is that of the last records.
      this.#highest.delete(name);
      this.#highest.set(name, seq);
    }
    for (const name of this.#highest.keys()) {
      if (this.#highest.size <= MAX_BOOTS) return;
      this.#highest.delete(name);
    }
  }
}

/** A boot that has been silent for this many others is asked for again when it speaks; 100 B each. */
const MAX_BOOTS = 100_000;

export interface RangeLook {
  /** Copies of a record of the same range. */
  repeated: ReadonlySet<Numbered>;
  /** At or below the highest seq: copies if the store knows them, else late. */
  suspects: readonly Numbered[];
  seen: ReadonlyMap<string, number>;
}

function key(tenant: string, producer: string, boot: string): string {
  return `${tenant}\n${producer}\n${boot}`;
}
