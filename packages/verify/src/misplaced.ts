import { hexOf, textOf, timeOfId, uuidText } from "./bytes.ts";
import type { Finding } from "./finding.ts";
import { sha256Hex } from "./hash.ts";
import { at, parseObject } from "./selection.ts";
import type { PlacedRow, StoredRow } from "./sources.ts";

/** A leaf without its row, or a row without its leaf: what became of it can only be told from all of them. */
interface Orphan {
  log: string;
  index: number;
  /** Hex of the entry. */
  entry: string;
}
interface SealedOrphan extends Orphan {
  /** When the root log took the leaf in; ms since the epoch, NaN where it is not known. */
  sealedMs: number;
}
interface Stranger extends Orphan {
  row: StoredRow;
}

export interface Resolved {
  findings: Finding[];
  /** Leaves of what was sent twice, or copied from an earlier log: their record has its row elsewhere. */
  repeated: number;
}

const LOOKUP = 500; // ids of one question
const ID_CHARS = 32;

export interface Elsewhere {
  /** Rows of these ids, wherever. */
  byId(ids: readonly string[]): Promise<PlacedRow[]>;
  /** Whether the row is what its own leaf says. */
  isSealed(row: PlacedRow): Promise<boolean>;
  /** Whether a leaf without a row may be of what came again after its first copy was removed with its age. @param made by its id */
  mayRepeatRemoved(made: string | null, sealedMs: number): boolean;
}

/** Gathers them, and pairs them at the end. */
export class Misplaced {
  #orphans: SealedOrphan[] = [];
  #strangers: Stranger[] = [];

  get size(): number {
    return this.#orphans.length + this.#strangers.length;
  }

  orphan(log: string, index: number, entry: Uint8Array, sealedMs: number): void {
    this.#orphans.push({ log, index, entry: hexOf(entry), sealedMs });
  }

  stranger(log: string, row: StoredRow): void {
    this.#strangers.push({ log, index: row.index, entry: hexOf(row.id) + sha256Hex(row.envelope), row });
  }

  /** What all of them are. Empties this. */
  async resolve({ byId, isSealed, mayRepeatRemoved }: Elsewhere): Promise<Resolved> {
    const orphans = new Map(this.#orphans.map((orphan) => [orphan.entry, orphan]));
    const strangers = this.#strangers;
    this.#orphans = [];
    this.#strangers = [];
    const findings: Finding[] = [];
    for (const { log, index, entry, row } of strangers) {
      const home = orphans.get(entry);
      orphans.delete(entry);
      const what =
        home === undefined
          ? "no leaf of the ledger is this record's: it was put in"
          : `this is the record of ${home.log === log ? "" : `${home.log} `}position ${home.index}`;
      findings.push({
        kind: home === undefined ? "INSERTED" : "REORDERED",
        log,
        index,
        ...aboutRow(row),
        what,
      });
    }
    let repeated = 0;
    const open = [...orphans.values()];
    for (let from = 0; from < open.length; from += LOOKUP) {
      const some = open.slice(from, from + LOOKUP);
      const found = Map.groupBy(await byId([...new Set(some.map(idOf))]), ({ id }) => uuidText(id));
      for (const orphan of some) {
        const isRepeated =
          mayRepeatRemoved(timeOfId(idOf(orphan)), orphan.sealedMs) ||
          (await hasRow(orphan, found.get(idOf(orphan)) ?? []));
        if (isRepeated) repeated += 1;
        else findings.push(missing(orphan));
      }
    }
    return { findings, repeated };

    async function hasRow({ entry, log, index }: Orphan, rows: readonly PlacedRow[]): Promise<boolean> {
      for (const row of rows) {
        if (row.index === index && log === `events/${row.generation}/${row.partition}`) continue;
        if (sha256Hex(row.envelope) === entry.slice(ID_CHARS) || (await isSealed(row))) return true;
      }
      return false;
    }
  }
}

function idOf({ entry }: Orphan): string {
  const hex = entry.slice(0, ID_CHARS);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function missing(orphan: Orphan): Finding {
  const id = idOf(orphan);
  return {
    kind: "MISSING",
    log: orphan.log,
    index: orphan.index,
    id,
    time: timeOfId(id),
    what: "it was sealed, and no row of it is stored",
  };
}

/** Id, time and tenant of a row, as far as what it holds now says them. */
export function aboutRow(row: Pick<StoredRow, "id" | "envelope">): Pick<Finding, "id" | "time" | "tenant"> {
  const id = uuidText(row.id);
  const said = parseObject(textOf(row.envelope));
  const time = at(said, ["time"]);
  const tenant = at(said, ["tenant"]);
  return {
    id,
    time: typeof time === "string" ? time : timeOfId(id),
    ...(typeof tenant === "string" ? { tenant } : {}),
  };
}
