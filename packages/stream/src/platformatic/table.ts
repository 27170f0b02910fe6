import type { Admin, BaseOptions } from "@platformatic/kafka";
import { streamError } from "../errors.ts";
import { DEFAULT_MAX_BATCH_BYTES } from "../limits.ts";
import type { LogRecord, TableEntry, TableReader } from "../log.ts";
import { fromPlatformatic } from "./errors.ts";
import { Fetcher, type FetchTarget } from "./fetcher.ts";

/** A topic from where `bounds` say it begins to its end and on, fetched directly: no group is joined. */
export class PlatformaticTable implements TableReader {
  readonly loaded: Promise<void>;
  readonly ended: Promise<void>;
  readonly #fetcher: Fetcher;
  readonly #topic: string;
  readonly #missing = new Set<number>();
  readonly #load = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<void>();
  #closing: Promise<void> | null = null;

  constructor(
    admin: Admin,
    client: BaseOptions,
    { topic, compacted }: { topic: string; compacted: boolean },
    bounds: readonly { partition: number; earliest: number; next: number }[],
    onEntry: (entry: TableEntry) => void,
  ) {
    this.#topic = topic;
    this.loaded = this.#load.promise;
    this.ended = this.#end.promise;
    for (const promise of [this.loaded, this.ended]) promise.catch(() => undefined); // whoever cares awaits them
    this.#fetcher = new Fetcher(admin, client, topic, DEFAULT_MAX_BATCH_BYTES);
    for (const { partition, earliest, next } of bounds) {
      if (next > earliest) this.#missing.add(partition);
      this.#fetcher.add(this.#reader({ partition, earliest, next }, compacted, onEntry));
    }
    this.#checkLoaded();
  }

  close(): Promise<void> {
    return this.#close(null);
  }

  #reader(
    { partition, earliest, next: end }: { partition: number; earliest: number; next: number },
    compacted: boolean,
    onEntry: (entry: TableEntry) => void,
  ): FetchTarget {
    let position = earliest;
    return {
      partition,
      wanted: () => (this.#closing === null ? position : null),
      take: (records, next, _bytes, alone) => {
        if (this.#closing !== null) return;
        try {
          for (const record of records) hand(record, onEntry);
        } catch (error) {
          void this.#close({ error });
          return;
        }
        position = next;
        // Where compaction removed the last records before the end, an empty answer is all there will be.
        if (position >= end || alone) this.#missing.delete(partition);
        this.#checkLoaded();
      },
      outOfRange: () => {
        if (!compacted) {
          const gone = `${this.#topic}/${partition}: offset ${position} is gone`;
          void this.#close({ error: streamError("TRIPLINE_STREAM_OUT_OF_RANGE", gone) });
          return;
        }
        position = 0; // compaction or retention moved the start; earlier records of the same keys were handed out
      },
      fail: (error) => void this.#close({ error: fromPlatformatic(error, `reading ${this.#topic}`) }),
    };
  }

  #checkLoaded(): void {
    if (this.#missing.size === 0) this.#load.resolve();
  }

  #close(failure: { error: unknown } | null): Promise<void> {
    this.#closing ??= (async () => {
      await this.#fetcher.close();
      if (failure === null) {
        this.#load.resolve();
        this.#end.resolve();
      } else {
        this.#load.reject(failure.error);
        this.#end.reject(failure.error);
      }
    })();
    return this.#closing;
  }
}

function hand(
  { key, value, partition, offset, appendTime }: LogRecord,
  onEntry: (entry: TableEntry) => void,
) {
  if (key === null) return;
  // Entries are kept, and a value is a view on a whole chunk from the network.
  onEntry({ key, value: value === null ? null : Buffer.from(value), partition, offset, appendTime });
}
