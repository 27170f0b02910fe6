import { TriplineError } from "@tripline/events";
import { z } from "zod";
import { type PartCodec, type RowPart, SharedRows } from "./shared-rows.ts";
import { type Bound, type RowCodec, StateTable } from "./state-table.ts";

/** What `StateTables` must know of a row, whatever its table holds. */
export interface SavedRow {
  readonly key: string;
  readonly table: { readonly name: string };
  /** Orders the uses of all rows. */
  stamp: number;
  /** The number of the snapshot that its last change belongs into; 0 when it was removed. */
  touched: number;
  /** The segment with its latest bytes; 0 for none. */
  saved: number;
  /** Characters of key and value there. */
  size: number;
  /** Where it stands among the rows changed since the last snapshot began. */
  place: number;
  encoded(): unknown;
}

/** One entry of a segment; a null value says that the key was removed. */
export interface StateEntry {
  key: string;
  value: string | null;
}

interface Running {
  segment: number;
  keepFrom: number;
  changed: SavedRow[];
  next: number;
  /** By the table's name, with the end of the name. */
  removed: [string, Set<string>][];
}

const NAME_END = "\n"; // between a table's name and a row's key; no name holds one
const rowSchema = z.tuple([z.number(), z.unknown()]);

/**
 * State in tables that can be written without holding anything up. A snapshot is a segment: the rows that changed since
 * the one before, encoded little by little while the tables go on changing. A row that is about to change while it waits
 * is encoded first, so the segment holds exactly what was when `begin` was called. All segments from the oldest kept on,
 * read in order, the later one of a key winning, are the state.
 */
export class StateTables {
  readonly #tables = new Map<string, StateTable<unknown>>();
  readonly #shared = new Map<string, SharedRows>();
  readonly #onForgotten: (what: string) => void;
  readonly #forgotten = new Map<string, number>();
  /**
   * The rows that each segment holds, also those whose latest bytes are in a later one by now. Lists and not sets: a set
   * of all rows would stop the thread for tens of ms whenever it grows.
   */
  readonly #bySegment = new Map<number, SavedRow[]>();
  readonly #live = new Map<number, number>();
  /** Keys of tables that are no more. */
  #orphans = new Set<string>();
  #changed: SavedRow[] = [];
  /** Rows of the running snapshot that had to be encoded before their turn. */
  #early: StateEntry[] = [];
  #running: Running | null = null;
  /** Names that are asked for while somebody wants to know. */
  #asked: Set<string> | null = null;
  #interval = 1;
  #clock = 0;

  /** @param onForgotten called for each thing that is dropped for lack of room while it still mattered */
  constructor(onForgotten: (what: string) => void = () => undefined) {
    this.#onForgotten = onForgotten;
  }

  /**
   * The table of that name, made where there is none. Its name is part of stored keys: rows of a name that nobody asks for
   * again after a restart are dropped. Who asks for one that exists shares it, and must mean the same by the name.
   */
  table<V>(name: string, codec: RowCodec<V>, bound?: Bound): StateTable<V> {
    this.#asked?.add(name);
    return this.#tableNamed(name, codec, bound);
  }

  #tableNamed<V>(name: string, codec: RowCodec<V>, bound?: Bound): StateTable<V> {
    const known = this.#tables.get(name);
    // One name is one kind of row, as it is between a restart and the one before.
    if (known !== undefined) return known as StateTable<V>;
    const table = new StateTable(this, name, codec, bound);
    this.#tables.set(name, table);
    return table;
  }

  /**
   * The part of the rows of the table `rows` that `name` owns. As with tables, both names are part of what is stored, and
   * what nobody asks for again is dropped: of parts each by itself.
   */
  part<P>(name: string, codec: PartCodec<P>, rows: { name: string } & Bound): RowPart<P> {
    this.#asked?.add(name);
    let shared = this.#shared.get(rows.name);
    if (shared === undefined) {
      shared = new SharedRows(
        rows.limit,
        (parts) => this.#tableNamed(rows.name, parts),
        () => this.forget(rows.what),
      );
      this.#shared.set(rows.name, shared);
    }
    return shared.part(name, codec);
  }

  /** What `make` makes, and the names of the tables and parts that it asked for. */
  namesAskedBy<T>(make: () => T): { made: T; names: ReadonlySet<string> } {
    const asked = new Set<string>();
    this.#asked = asked;
    try {
      return { made: make(), names: asked };
    } finally {
      this.#asked = null;
    }
  }

  /** Forgets all that the table, or the part of rows, of this name holds, here and in what is stored. */
  drop(name: string): void {
    for (const shared of this.#shared.values()) if (shared.drop(name)) return;
    const table = this.#tables.get(name);
    if (table === undefined) return;
    for (const [key] of [...table.entries()]) table.delete(key);
    for (const key of table.takeRemoved()) this.#orphans.add(name + NAME_END + key);
    this.#tables.delete(name);
  }

  /** The stored rows of one table, by key, before they are loaded: for what decides which tables there will be. */
  static rowsOf(name: string, entries: Iterable<StateEntry>): Map<string, unknown> {
    const rows = new Map<string, unknown>();
    for (const { key, value } of entries) {
      if (value === null || !key.startsWith(name + NAME_END)) continue;
      rows.set(key.slice(name.length + NAME_END.length), rowSchema.parse(JSON.parse(value))[1]);
    }
    return rows;
  }

  /** Counts a thing that was dropped for lack of room. */
  forget(what: string): void {
    this.#forgotten.set(what, (this.#forgotten.get(what) ?? 0) + 1);
    this.#onForgotten(what);
  }

  /** How many things were dropped for lack of room, by kind, since these tables were made. */
  get forgotten(): ReadonlyMap<string, number> {
    return this.#forgotten;
  }

  // What the tables call.

  /** A row is about to change. */
  touch(row: SavedRow): void {
    if (row.touched !== this.#interval) {
      this.#keep(row);
      row.touched = this.#interval;
      row.place = this.#changed.push(row) - 1;
    }
    this.#clock += 1;
    row.stamp = this.#clock;
  }

  /** A row is about to go. */
  remove(row: SavedRow): void {
    if (row.touched === this.#interval) this.#unlist(row);
    else this.#keep(row);
    if (row.saved > 0) this.#count(row, -row.size);
    row.touched = 0;
  }

  // What the runner calls.

  /**
   * Begins a snapshot of the state as it is now; `drain` hands it out. Only when the one before is drained.
   * @param keepFrom the oldest segment that stays: what only older ones hold is written again. Infinity: all is written
   * @returns the segment's number, higher than all before
   */
  begin(keepFrom: number): number {
    const segment = this.#interval;
    const removed: Running["removed"] = [["", this.#orphans]];
    this.#orphans = new Set();
    for (const table of this.#tables.values()) {
      const keys = table.takeRemoved();
      if (keys.size > 0) removed.push([table.name + NAME_END, keys]);
    }
    this.#running = {
      segment,
      keepFrom: Math.min(keepFrom, segment),
      changed: this.#changed,
      next: 0,
      removed,
    };
    this.#changed = [];
    this.#interval += 1;
    return segment;
  }

  /**
   * Hands out entries of the snapshot that was begun, until `more` says no.
   * @returns whether that was all of it
   */
  drain(write: (entry: StateEntry) => void, more: () => boolean): boolean {
    const running = this.#running;
    if (running === null) return true;
    // A removal first: a row of the same key that was made since belongs to this snapshot.
    for (const [name, keys] of running.removed) {
      for (const key of keys) {
        keys.delete(key);
        write({ key: name + key, value: null });
        if (!more()) return false;
      }
    }
    for (const entry of this.#early) write(entry);
    this.#early = [];
    while (running.next < running.changed.length) {
      const row = running.changed[running.next];
      running.next += 1;
      if (row === undefined || !isDue(row, running)) continue;
      write(this.#encode(row, running.segment));
      if (!more()) return false;
    }
    for (const [segment, rows] of this.#bySegment) {
      if (segment >= running.keepFrom) continue;
      for (let row = rows.pop(); row !== undefined; row = rows.pop()) {
        if (row.saved !== segment || row.touched === 0) continue;
        write(this.#encode(row, running.segment));
        if (!more()) return false;
      }
      this.#bySegment.delete(segment);
    }
    this.#running = null;
    return true;
  }

  /** Characters of a segment that are still the latest of their key. */
  live(segment: number): number {
    return this.#live.get(segment) ?? 0;
  }

  /**
   * Takes over the latest entry of each key, in any order. Only into empty tables.
   * @throws TriplineError TRIPLINE_DETECTION_SNAPSHOT for what these tables did not write
   */
  load(entries: Iterable<StateEntry & { segment: number }>): void {
    const rows: SavedRow[] = [];
    for (const { key, value, segment } of entries) {
      this.#interval = Math.max(this.#interval, segment + 1);
      if (value === null) continue;
      const end = key.indexOf(NAME_END);
      const table = this.#tables.get(key.slice(0, end));
      if (table === undefined) {
        this.#orphans.add(key);
        continue;
      }
      const row = restored(table, key.slice(end + 1), value);
      row.saved = segment;
      row.touched = segment;
      row.size = key.length + value.length;
      this.#clock = Math.max(this.#clock, row.stamp);
      rows.push(row);
    }
    for (const table of this.#tables.values()) table.arrange();
    for (const row of rows) {
      this.#list(row);
      this.#count(row, row.size);
    }
  }

  /** Keeps what the running snapshot still lacks of a row that changes. */
  #keep(row: SavedRow): void {
    const running = this.#running;
    if (running !== null && isDue(row, running)) this.#early.push(this.#encode(row, running.segment));
  }

  #encode(row: SavedRow, segment: number): StateEntry {
    const key = row.table.name + NAME_END + row.key;
    const value = JSON.stringify([row.stamp, row.encoded()]);
    if (row.saved > 0) this.#count(row, -row.size);
    row.saved = segment;
    row.size = key.length + value.length;
    this.#count(row, row.size);
    this.#list(row);
    return { key, value };
  }

  #list(row: SavedRow): void {
    const rows = this.#bySegment.get(row.saved);
    if (rows === undefined) this.#bySegment.set(row.saved, [row]);
    else rows.push(row);
  }

  #count(row: SavedRow, size: number): void {
    const live = (this.#live.get(row.saved) ?? 0) + size;
    if (live === 0) this.#live.delete(row.saved);
    else this.#live.set(row.saved, live);
  }

  #unlist(row: SavedRow): void {
    const last = this.#changed.pop();
    if (last === undefined || last === row) return;
    this.#changed[row.place] = last;
    last.place = row.place;
  }
}

/** Whether the snapshot on its way still lacks the row. */
function isDue(row: SavedRow, { segment, keepFrom }: Running): boolean {
  if (row.touched === 0 || row.touched > segment) return false;
  return row.saved < row.touched || row.saved < keepFrom;
}

function restored(table: StateTable<unknown>, key: string, value: string): SavedRow {
  try {
    const [stamp, json] = rowSchema.parse(JSON.parse(value));
    return table.restore(key, stamp, json);
  } catch (cause) {
    throw new TriplineError(
      "TRIPLINE_DETECTION_SNAPSHOT",
      `what is stored of ${table.name} does not fit this version: replay instead`,
      { cause },
    );
  }
}
