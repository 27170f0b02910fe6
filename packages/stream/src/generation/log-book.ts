import { z } from "zod";
import { hasCode, streamError } from "../errors.ts";
import type { Log } from "../log.ts";

/** What is known of a log's generations, in the log itself: compacted, one partition, by the generation's name. */
export const LOG_BOOK_TOPIC = "tripline.log";

export const GENERATION_STATES = ["open", "draining", "closed", "copying", "copied", "abandoned"] as const;

const entrySchema = z.looseObject({
  generation: z.string().min(1),
  /**
   * `open`; `draining`: nothing new from producers; `closed`: nobody writes, `moved_to` says where it goes on;
   * of the target: `copying`, then `copied` (whole, not yet open), or `abandoned` (never to be used).
   */
  state: z.enum(GENERATION_STATES),
  at: z.string(),
  /** What its topics were created with, where a cut-over made them. */
  partitions: z.int().min(1).optional(),
  moved_to: z.string().optional(),
  moved_from: z.string().optional(),
  /** Of a copied generation: where each topic ended, so that later writes can be told. */
  ends: z.record(z.string(), z.array(z.int().min(0))).optional(),
});

export type GenerationEntry = z.infer<typeof entrySchema>;
export type GenerationState = GenerationEntry["state"];

/** Reads and writes the book. Absent until something is written: a log without one is in its first generation, open. */
export class LogBook {
  readonly #log: Log;

  /** @param log as it is, without any renaming */
  constructor(log: Log) {
    this.#log = log;
  }

  /** Grows with each entry; 0 where there is no book. Cheap enough to ask every few seconds. */
  async version(): Promise<number> {
    try {
      const [bounds] = await this.#log.offsets(LOG_BOOK_TOPIC);
      return bounds?.next ?? 0;
    } catch (error) {
      if (hasCode(error, "TRIPLINE_STREAM_TOPIC_UNKNOWN")) return 0;
      throw error;
    }
  }

  /** By generation; the latest entry of each. */
  async read(): Promise<Map<string, GenerationEntry>> {
    const entries = new Map<string, GenerationEntry>();
    if ((await this.version()) === 0) return entries;
    const reader = await this.#log.readTable(LOG_BOOK_TOPIC, ({ key, value }) => {
      if (value === null) entries.delete(key);
      else entries.set(key, parseEntry(value));
    });
    try {
      await reader.loaded;
    } finally {
      await reader.close();
    }
    return entries;
  }

  /** All of them in one append. */
  async write(entries: readonly GenerationEntry[]): Promise<void> {
    await this.#log.ensureTopics([{ name: LOG_BOOK_TOPIC, partitions: 1, cleanup: "compact" }]);
    const records = entries.map((entry) => ({
      key: entry.generation,
      value: Buffer.from(JSON.stringify(entry)),
      headers: { "content-type": "application/json" },
    }));
    await this.#log.produce(LOG_BOOK_TOPIC, records);
  }
}

function parseEntry(value: Uint8Array): GenerationEntry {
  try {
    return entrySchema.parse(JSON.parse(Buffer.from(value).toString("utf8")));
  } catch (cause) {
    throw streamError(
      "TRIPLINE_STREAM_REFUSED",
      `${LOG_BOOK_TOPIC} holds an entry that is none: only \`tripline log\` may write there`,
      cause,
    );
  }
}
