import type { IncidentState } from "./incident-state.ts";

/** Remembered things by key. `entries` are in the order of their last `set`, the oldest first. */
export interface Rows<V> {
  readonly size: number;
  peek(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  entries(): IterableIterator<[string, V]>;
}

/** What the incidents of one partition are, between two records. */
export interface IncidentBook {
  /** By incident id: open and acknowledged. */
  open: Rows<IncidentState>;
  /** By incident id: resolved and false positive, as far as they are remembered. */
  closed: Rows<IncidentState>;
  /** By tenant, rule and subject: the id of the latest incident. */
  latest: Rows<string>;
  /** By identity of a record: that it came; of an alert, the id of its incident. May forget the oldest by itself. */
  seen: Rows<string>;
}

/** Rows of a map: for tests, and wherever nothing has to outlive the process. */
export class MapRows<V> implements Rows<V> {
  readonly #map = new Map<string, V>();

  get size(): number {
    return this.#map.size;
  }

  peek(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
  }

  delete(key: string): void {
    this.#map.delete(key);
  }

  entries(): IterableIterator<[string, V]> {
    return this.#map.entries();
  }
}

/** A book that ends with the process. */
export function emptyBook(): IncidentBook {
  return { open: new MapRows(), closed: new MapRows(), latest: new MapRows(), seen: new MapRows() };
}

/** The incident of this id, open or not. */
export function incidentIn(book: IncidentBook, id: string): IncidentState | undefined {
  return book.open.peek(id) ?? book.closed.peek(id);
}
