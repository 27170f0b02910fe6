import { type Incident, incidentKey, incidentSchema, TOPICS } from "@tripline/events";
import { OneAtATime } from "@tripline/service";
import { type Log, type LogRecord, partitionOf } from "@tripline/stream";
import type { OwnedBooks } from "./owned-books.ts";

const MAX_REMEMBERED = 20_000; // incidents of a partition, some 200 bytes each; older ones are the store's

/**
 * The latest version of an incident by its id, whoever has its partition: from this process's books, else from the topic of
 * incidents, of which each look reads only what has come since the one before.
 */
export class IncidentLookup {
  readonly #log: Pick<Log, "offsets" | "scan" | "partitionCount">;
  readonly #books: OwnedBooks;
  /** By partition and key: the offset of the latest version. */
  readonly #places = new Map<number, Map<string, number>>();
  readonly #readTo = new Map<number, number>();
  readonly #turns = new OneAtATime();

  constructor(log: Pick<Log, "offsets" | "scan" | "partitionCount">, books: OwnedBooks) {
    this.#log = log;
    this.#books = books;
  }

  /** Undefined where the tenant has none, or it is older than the topic keeps. */
  async find(tenant: string, id: string): Promise<Incident | undefined> {
    return (
      this.#books.find(tenant, id)?.incident ?? (await this.#turns.run(() => this.#fromTopic(tenant, id)))
    );
  }

  async #fromTopic(tenant: string, id: string): Promise<Incident | undefined> {
    const key = incidentKey(tenant, id);
    const partition = partitionOf(key, await this.#log.partitionCount(TOPICS.incidents));
    await this.#readNews(partition);
    const offset = this.#places.get(partition)?.get(key);
    if (offset === undefined) return undefined;
    let found: Incident | undefined;
    await this.#scan(partition, offset, offset + 1, ([record]) => {
      found = incidentSchema.parse(JSON.parse(new TextDecoder().decode(record?.value ?? new Uint8Array(0))));
    });
    return found;
  }

  async #readNews(partition: number): Promise<void> {
    const bounds = (await this.#log.offsets(TOPICS.incidents)).find((each) => each.partition === partition);
    if (bounds === undefined) return;
    const places = this.#places.get(partition) ?? new Map<string, number>();
    this.#places.set(partition, places);
    for (const [key, offset] of places) if (offset < bounds.earliest) places.delete(key);
    const from = Math.max(this.#readTo.get(partition) ?? 0, bounds.earliest);
    if (from < bounds.next) {
      await this.#scan(partition, from, bounds.next, (records) => {
        for (const { key, offset } of records) if (key !== null) remember(places, key, offset);
      });
    }
    this.#readTo.set(partition, bounds.next);
  }

  #scan(
    partition: number,
    from: number,
    to: number,
    take: (records: readonly LogRecord[]) => void,
  ): Promise<void> {
    return this.#log.scan({ topic: TOPICS.incidents, partition, from, to }, async (records) => take(records));
  }
}

function remember(places: Map<string, number>, key: string, offset: number): void {
  places.delete(key);
  places.set(key, offset);
  if (places.size <= MAX_REMEMBERED) return;
  const [oldest] = places.keys();
  if (oldest !== undefined) places.delete(oldest);
}
