import {
  cloudEventHeaders,
  type Envelope,
  type Erasable,
  ErasureIndex,
  encodeRecord,
  erasureKey,
  parseRecord,
  TOPICS,
  TriplineError,
} from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Log, TableEntry, TableReader } from "@tripline/stream";

/**
 * The erasures, retentions and holds that any archiver has come to, from their compacted topic. Read to its end before
 * the first record is archived: whoever archives old records again, into whatever store, knows what was erased since.
 */
export class KnownErasures {
  readonly #log: Log;
  readonly #logger: ServiceContext["logger"];
  readonly #index = new ErasureIndex();
  #reader: TableReader | null = null;

  constructor(log: Log, logger: ServiceContext["logger"]) {
    this.#log = log;
    this.#logger = logger;
  }

  /** Resolves when all that the topic holds is known; later entries follow by themselves. */
  async open(): Promise<void> {
    const reader = await this.#log.readTable(TOPICS.erasures, (entry) => this.#take(entry));
    this.#reader = reader;
    reader.ended.catch((error: unknown) =>
      this.#logger.error({ err: error }, `${TOPICS.erasures} is no longer followed: restart the archiver`),
    );
    await reader.loaded;
  }

  async close(): Promise<void> {
    await this.#reader?.close();
    this.#reader = null;
  }

  /**
   * Keeps these for every archiver, now and later. To be awaited before they are stored: what is in the store is what the
   * eraser acts on, and no archiver may bring back what it erased.
   */
  async keep(records: readonly Envelope[]): Promise<void> {
    const ours = records.filter((envelope) => this.#index.add(envelope));
    if (ours.length === 0) return;
    await this.#log.produce(
      TOPICS.erasures,
      ours.map((envelope) => ({
        key: erasureKey(envelope),
        value: Buffer.from(encodeRecord({ envelope })),
        headers: cloudEventHeaders(envelope),
      })),
    );
  }

  /** Whether anything was erased of this tenant; where not, `covers` is false of all its records. */
  concerns(tenant: string): boolean {
    return this.#index.concerns(tenant);
  }

  covers(about: Erasable): boolean {
    return this.#index.covering(about) !== null;
  }

  coversName(tenant: string, subject: string, seenMs: number): boolean {
    return this.#index.coversName(tenant, subject, seenMs);
  }

  #take({ value, partition, offset }: TableEntry): void {
    if (value === null) return;
    try {
      const { envelope } = parseRecord(Buffer.from(value).toString("utf8"));
      if (this.#index.add(envelope)) return;
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
    }
    this.#logger.error(
      { topic: TOPICS.erasures, partition, offset },
      "an entry is no erasure of Tripline's own and is not followed: see who may write to the topic",
    );
  }
}
