import type { SavedRow, StateTables } from "./state-tables.ts";

/** How a table's values become JSON and come back. `decode` throws for what `encode` did not make. */
export interface RowCodec<V> {
  encode(value: V): unknown;
  decode(json: unknown): V;
}

/** The most that a table remembers, and what is counted when the longest unused entry has to go. */
export interface Bound {
  limit: number;
  what: string;
}

class Row<V> implements SavedRow {
  readonly key: string;
  readonly table: StateTable<V>;
  value: V;
  stamp = 0;
  touched = 0;
  saved = 0;
  size = 0;
  place = 0;
  /** Its neighbours in the order of use. */
  before: Row<V> | null = null;
  after: Row<V> | null = null;

  constructor(table: StateTable<V>, key: string, value: V) {
    this.table = table;
    this.key = key;
    this.value = value;
  }

  encoded(): unknown {
    return this.table.codec.encode(this.value);
  }
}

/**
 * Remembered things of one kind, by key, in the order of their use. A value may be changed in place only behind `use` or
 * `set` of the same turn: they keep what a snapshot on its way still needs.
 */
export class StateTable<V> {
  /** Names the table in stored keys. */
  readonly name: string;
  readonly codec: RowCodec<V>;
  readonly #home: StateTables;
  readonly #bound: Bound | undefined;
  readonly #rows = new Map<string, Row<V>>();
  // A list through the rows and not the map's own order: a map that is reordered at each use is soon rebuilt at each use.
  #oldest: Row<V> | null = null;
  #newest: Row<V> | null = null;
  /** Keys whose removal no snapshot has yet. */
  #removed = new Set<string>();

  /** Made by `StateTables.table`. */
  constructor(home: StateTables, name: string, codec: RowCodec<V>, bound?: Bound) {
    this.#home = home;
    this.#bound = bound;
    this.name = name;
    this.codec = codec;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The value, only to be looked at; the order of use stays. */
  peek(key: string): V | undefined {
    return this.#rows.get(key)?.value;
  }

  /** The value, now the one used latest; it may be changed in this turn. */
  use(key: string): V | undefined {
    const row = this.#rows.get(key);
    if (row === undefined) return undefined;
    this.#toEnd(row);
    return row.value;
  }

  /** The value is about to change in place, although nobody uses it: the order of use stays. */
  revise(key: string): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    const { stamp } = row;
    this.#home.touch(row);
    row.stamp = stamp;
  }

  set(key: string, value: V): void {
    const known = this.#rows.get(key);
    if (known !== undefined) {
      this.#toEnd(known);
      known.value = value;
      return;
    }
    if (this.#removed.size > 0) this.#removed.delete(key);
    const row = new Row(this, key, value);
    this.#home.touch(row);
    this.#rows.set(key, row);
    this.#append(row);
    if (this.#bound !== undefined && this.#rows.size > this.#bound.limit) this.#makeRoom(this.#bound.what);
  }

  delete(key: string): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    this.#home.remove(row);
    if (row.saved > 0) this.#removed.add(key);
    this.#rows.delete(key);
    this.#unlink(row);
  }

  /** The entry whose last use is the longest ago. */
  oldest(): [string, V] | undefined {
    const row = this.#oldest;
    return row === null ? undefined : [row.key, row.value];
  }

  /** In the order of use, the longest unused first. */
  *entries(): IterableIterator<[string, V]> {
    for (let row = this.#oldest; row !== null; ) {
      const { after } = row; // the row may be deleted meanwhile
      yield [row.key, row.value];
      row = after;
    }
  }

  /** For `StateTables`: the keys whose removal the snapshot that begins holds. */
  takeRemoved(): Set<string> {
    const removed = this.#removed;
    if (removed.size > 0) this.#removed = new Set();
    return removed;
  }

  /** For `StateTables`: a row as a segment has it; `arrange` follows when all are there. */
  restore(key: string, stamp: number, json: unknown): SavedRow {
    const row = new Row(this, key, this.codec.decode(json));
    row.stamp = stamp;
    this.#rows.set(key, row);
    return row;
  }

  /** For `StateTables`: puts restored rows into the order of their use. */
  arrange(): void {
    this.#oldest = null;
    this.#newest = null;
    const rows = [...this.#rows.values()].sort((a, b) => a.stamp - b.stamp);
    for (const row of rows) this.#append(row);
  }

  #makeRoom(what: string): void {
    if (this.#oldest === null) return;
    this.delete(this.#oldest.key);
    this.#home.forget(what);
  }

  #toEnd(row: Row<V>): void {
    this.#home.touch(row);
    if (row === this.#newest) return;
    this.#unlink(row);
    this.#append(row);
  }

  #append(row: Row<V>): void {
    row.before = this.#newest;
    row.after = null;
    if (this.#newest === null) this.#oldest = row;
    else this.#newest.after = row;
    this.#newest = row;
  }

  #unlink({ before, after }: Row<V>): void {
    if (before === null) this.#oldest = after;
    else before.after = after;
    if (after === null) this.#newest = before;
    else after.before = before;
  }
}
