import { uuidText } from "./bytes.ts";
import { matcherOf } from "./selection.ts";
import {
  type PartitionOf,
  type PartitionRows,
  type PlacedRow,
  partitionOf,
  pathOf,
  type RecordSource,
  type StoredBlock,
  type StoredLetter,
  type StoredPayload,
  type StoredRow,
} from "./sources.ts";

interface OfPartition {
  rows: StoredRow[];
  payloads: StoredPayload[];
  letters: StoredLetter[];
}

/** Records that are all at hand, as those of a bundle are. */
export class RecordList implements RecordSource {
  readonly #partitions = new Map<string, OfPartition>();
  readonly #aside: PlacedRow[] = [];
  /** Made when it is asked for: seldom. */
  #byId: Map<string, PlacedRow[]> | null = null;
  readonly #erasures: PlacedRow[] = [];
  #sorted = true;

  add(of: PartitionOf, what: { row?: StoredRow; payload?: StoredPayload; letter?: StoredLetter }): void {
    const path = pathOf(of);
    const there = this.#partitions.get(path) ?? { rows: [], payloads: [], letters: [] };
    this.#partitions.set(path, there);
    this.#sorted = false;
    if (what.row !== undefined) {
      there.rows.push(what.row);
      this.#byId = null;
    }
    if (what.payload !== undefined) there.payloads.push(what.payload);
    if (what.letter !== undefined) there.letters.push(what.letter);
  }

  /** A row that belongs to no position that is looked at: only to be found by its id, or among erasures. */
  addAside(row: PlacedRow, role: "elsewhere" | "erasure"): void {
    if (role === "erasure") this.#erasures.push(row);
    else this.#aside.push(row);
    this.#byId = null;
  }

  /** Every row, in the order of logs and positions. */
  *rows(): Generator<PlacedRow> {
    this.#sort();
    for (const [path, { rows }] of this.#partitions) {
      const of = partitionOf(path);
      if (of !== null) for (const row of rows) yield { ...of, ...row };
    }
  }

  payloadAt(of: PartitionOf, index: number): StoredPayload | null {
    this.#sort();
    return within(this.#partitions.get(pathOf(of))?.payloads ?? [], index, index + 1)[0] ?? null;
  }

  async read(of: PartitionOf, from: number, to: number): Promise<StoredBlock> {
    this.#sort();
    const { rows, payloads, letters } = this.#partitions.get(pathOf(of)) ?? NOTHING;
    return {
      rows: within(rows, from, to),
      payloads: within(payloads, from, to),
      letters: within(letters, from, to),
    };
  }

  exact(of: PartitionOf, from: number, to: number): Promise<StoredBlock> {
    return this.read(of, from, to);
  }

  async byId(ids: readonly string[]): Promise<PlacedRow[]> {
    this.#byId ??= Map.groupBy([...this.rows(), ...this.#aside], ({ id }) => uuidText(id));
    const byId = this.#byId;
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  async erasures(): Promise<PlacedRow[]> {
    const isErasure = matcherOf({ type: "erasure" });
    const isRetention = matcherOf({ type: "retention" });
    const own = [...this.rows()].filter(
      ({ envelope }) => isErasure?.(envelope) === true || isRetention?.(envelope) === true,
    );
    return [...own, ...this.#erasures];
  }

  async partitions(): Promise<PartitionRows[]> {
    this.#sort();
    return [...this.#partitions].flatMap(([path, { rows }]) => {
      const of = partitionOf(path);
      return of === null || rows.length === 0
        ? []
        : [{ ...of, rows: rows.length, highest: rows.at(-1)?.index ?? 0 }];
    });
  }

  #sort(): void {
    if (this.#sorted) return;
    const byIndex = (a: { index: number }, b: { index: number }) => a.index - b.index;
    for (const { rows, payloads, letters } of this.#partitions.values())
      for (const list of [rows, payloads, letters]) list.sort(byIndex);
    this.#sorted = true;
  }
}

const NOTHING: OfPartition = { rows: [], payloads: [], letters: [] };

/** Of an ascending list, those from `from` up to, and without, `to`. */
function within<T extends { index: number }>(items: readonly T[], from: number, to: number): T[] {
  return items.slice(firstAt(items, from), firstAt(items, to));
}

function firstAt(items: readonly { index: number }[], index: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((items[middle]?.index ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}
