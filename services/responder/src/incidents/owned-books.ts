import { type IncidentBook, type IncidentState, incidentIn } from "@tripline/response";

/** The books of the partitions that this process has now: for timers, and for those who ask for an incident. */
export class OwnedBooks {
  readonly #books = new Map<number, IncidentBook>();

  add(partition: number, book: IncidentBook): void {
    this.#books.set(partition, book);
  }

  /** Nothing happens where another book has taken the partition meanwhile. */
  remove(partition: number, book: IncidentBook): void {
    if (this.#books.get(partition) === book) this.#books.delete(partition);
  }

  get partitions(): ReadonlyMap<number, IncidentBook> {
    return this.#books;
  }

  find(tenant: string, id: string): IncidentState | undefined {
    for (const book of this.#books.values()) {
      const state = incidentIn(book, id);
      if (state !== undefined && state.incident.tenant === tenant) return state;
    }
    return undefined;
  }
}
