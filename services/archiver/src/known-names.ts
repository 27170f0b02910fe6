import { MAX_NAMES_PER_PAYLOAD, rowFromName } from "@tripline/store";

const AGAIN_MS = 3600 * 1000; // a name's `last_seen` is renewed once an hour, not with every call
const MAX_KNOWN = 50_000; // some 10 MB; beyond it names are only written again

export interface Named {
  tenant: string;
  names: Readonly<Record<string, string>> | undefined;
  /** ms since the epoch */
  appendTime: number;
}

/** Remembers which names the directory already has, so that not every call writes its person again. */
export class KnownNames {
  readonly #known = new Map<string, number>();

  /** The rows that are to be written; nothing is remembered until `accept`. */
  look(records: readonly Named[]): { rows: string[]; seen: ReadonlyMap<string, number> } {
    const rows: string[] = [];
    const seen = new Map<string, number>();
    for (const { tenant, names, appendTime } of records) {
      if (names === undefined) continue;
      for (const [subject, name] of Object.entries(names).slice(0, MAX_NAMES_PER_PAYLOAD)) {
        const key = JSON.stringify([tenant, subject, name]);
        const last = seen.get(key) ?? this.#known.get(key);
        if (last !== undefined && appendTime - last < AGAIN_MS) continue;
        seen.set(key, appendTime);
        rows.push(rowFromName(tenant, subject, name, appendTime));
      }
    }
    return { rows, seen };
  }

  /** The rows are stored. */
  accept({ seen }: { seen: ReadonlyMap<string, number> }): void {
    if (this.#known.size + seen.size > MAX_KNOWN) this.#known.clear();
    for (const [key, time] of seen) this.#known.set(key, time);
  }
}
