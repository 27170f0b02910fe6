import { isRetriable, type TriplineError } from "@tripline/events";
import { streamError } from "../errors.ts";
import type { ConsumeOptions, Consumer, Log, NewRecord, Position, TableEntry, TableReader } from "../log.ts";
import { FOLLOWERS, type FollowerLag, followerLags, notifierFollowers } from "./followers.ts";
import { type GenerationEntry, type GenerationState, LogBook } from "./log-book.ts";
import { generationName, parseGeneration, topicIn } from "./names.ts";
import { movedError, presentGeneration } from "./present.ts";
import { renamedLog } from "./renamed-log.ts";

const LOOK_EVERY_MS = 5000; // how long a service may work on as before when its log is drained or closed elsewhere
/** After this long every service that works has noticed. ms */
export const NOTICED_AFTER_MS = LOOK_EVERY_MS + 2000;

/** Where a log stands. */
export interface LogStanding {
  generation: string;
  state: GenerationState;
  /** Of a closed generation. */
  movedTo?: string;
  /** What is left for whom. */
  followers: readonly FollowerLag[];
}

/** @param log in the names of its generation */
export async function standingOf(log: Log, entry: GenerationEntry | null): Promise<LogStanding> {
  const followers = await followerLags(log, [...FOLLOWERS, ...(await notifierFollowers(log))]);
  return {
    generation: log.generation,
    state: entry?.state ?? "open",
    ...(entry?.moved_to === undefined ? {} : { movedTo: entry.moved_to }),
    followers,
  };
}

/** A log in its present generation, as services have it. */
export interface OpenLog extends Log {
  /** For what comes from producers: refused, with a retriable error, while the log is full or drains. */
  readonly intake: Pick<Log, "produce">;
  /** Whether `intake` takes records now. While it does not, a producer that is silent has a reason. */
  takesIn(): boolean;
  standing(): Promise<LogStanding>;
  /** No further records from producers; what is in the log is worked off. */
  drain(): Promise<void>;
  /** Takes back `drain`. */
  reopen(): Promise<void>;
}

export interface GenerationOptions {
  /** Refuses records from producers for another reason, e.g. a full disk, by throwing a retriable error. */
  checkIntake?: () => void;
  /** Other processes may change the log's state: look for it. ms; default 5 s; 0 never. */
  lookEveryMs?: number;
  /** ms since the epoch */
  now?: () => number;
}

/**
 * The log's present generation. What others do to it is noticed: when it is closed, everything that was open here ends
 * with TRIPLINE_STREAM_MOVED, so that the process ends and is started again.
 * @throws TriplineError TRIPLINE_STREAM_MOVED when the log went on elsewhere
 */
export async function openGeneration(raw: Log, options: GenerationOptions = {}): Promise<OpenLog> {
  const book = new LogBook(raw);
  const version = await book.version();
  const first = parseGeneration(raw.generation);
  const { name, entry } = presentGeneration(first, version === 0 ? new Map() : await book.read());
  const generation = generationName(name);
  const log =
    generation === raw.generation ? raw : renamedLog(raw, generation, (topic) => topicIn(name, topic));
  return new GenerationLog({ log, book, version, entry, options });
}

interface Parts {
  log: Log;
  book: LogBook;
  version: number;
  entry: GenerationEntry | null;
  options: GenerationOptions;
}

class GenerationLog implements OpenLog {
  readonly generation: string;
  readonly intake: Pick<Log, "produce">;
  readonly #log: Log;
  readonly #book: LogBook;
  readonly #options: GenerationOptions;
  readonly #moved = Promise.withResolvers<never>();
  #version: number;
  #entry: GenerationEntry | null;
  #refusal: TriplineError | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor({ log, book, version, entry, options }: Parts) {
    this.generation = log.generation;
    this.#log = log;
    this.#book = book;
    this.#version = version;
    this.#entry = entry;
    this.#options = options;
    this.#moved.promise.catch(() => undefined); // who has something open here hears of it
    this.intake = { produce: (topic, records) => this.#takeIn(topic, records) };
    const { lookEveryMs = LOOK_EVERY_MS } = options;
    if (lookEveryMs > 0) this.#timer = setInterval(() => this.#lookAgain(), lookEveryMs).unref();
  }

  ensureTopics: Log["ensureTopics"] = async (specs) => {
    const partitions = this.#entry?.partitions;
    // The count is the generation's; what is configured is for topics of a log that has none yet.
    await this.#log.ensureTopics(
      partitions === undefined ? specs : specs.map((spec) => ({ ...spec, partitions })),
    );
  };
  partitionCount: Log["partitionCount"] = (topic) => this.#log.partitionCount(topic);
  offsets: Log["offsets"] = (topic) => this.#log.offsets(topic);
  committed: Log["committed"] = (topic, group) => this.#log.committed(topic, group);
  scan: Log["scan"] = (range, onBatch) => this.#log.scan(range, onBatch);

  produce(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    return this.#refusal === null ? this.#log.produce(topic, records) : Promise.reject(this.#refusal);
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    if (this.#refusal !== null) throw this.#refusal;
    return this.#ending(await this.#log.consume(options));
  }

  async readTable(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader> {
    if (this.#refusal !== null) throw this.#refusal;
    return this.#endingTable(await this.#log.readTable(topic, onEntry));
  }

  async follow(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader> {
    if (this.#refusal !== null) throw this.#refusal;
    return this.#endingTable(await this.#log.follow(topic, onEntry));
  }

  async ping(): Promise<void> {
    if (this.#refusal !== null) throw this.#refusal;
    await this.#log.ping();
    if (this.#entry?.state === "draining") throw drainingError(this.generation);
  }

  async standing(): Promise<LogStanding> {
    await this.#look();
    return standingOf(this.#log, this.#entry);
  }

  drain(): Promise<void> {
    return this.#become("draining");
  }

  reopen(): Promise<void> {
    return this.#become("open");
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#log.close();
  }

  #takeIn(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    try {
      this.#checkTakesIn();
    } catch (error) {
      return Promise.reject(error);
    }
    return this.produce(topic, records);
  }

  takesIn(): boolean {
    try {
      this.#checkTakesIn();
      return true;
    } catch (error) {
      if (!isRetriable(error)) throw error;
      return false;
    }
  }

  #checkTakesIn(): void {
    if (this.#entry?.state === "draining") throw drainingError(this.generation);
    this.#options.checkIntake?.();
  }

  async #become(state: "open" | "draining"): Promise<void> {
    await this.#look();
    if (this.#refusal !== null) throw this.#refusal;
    const at = new Date((this.#options.now ?? Date.now)()).toISOString();
    const entry: GenerationEntry = { ...this.#entry, generation: this.generation, state, at };
    await this.#book.write([entry]);
    this.#entry = entry;
  }

  /** Not while a look before it still waits for a broker that does not answer. */
  #lookAgain(): void {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
  }

  /** Takes note of what the book says now. A log that does not answer is its callers' trouble, and is asked again. */
  async #look(): Promise<void> {
    try {
      const version = await this.#book.version();
      if (version === this.#version) return;
      this.#entry = (await this.#book.read()).get(this.generation) ?? null;
      this.#version = version;
    } catch {
      return;
    }
    if (this.#entry?.state !== "closed" || this.#refusal !== null) return;
    this.#refusal = movedError(this.#entry);
    this.#moved.reject(this.#refusal);
  }

  #endingTable(table: TableReader): TableReader {
    const { ended, close } = this.#ending(table);
    return { loaded: table.loaded, ended, close };
  }

  #ending(reader: Consumer): Consumer {
    const ended = Promise.race([reader.ended, this.#moved.promise]).catch(async (error: unknown) => {
      if (error === this.#refusal) await reader.close();
      throw error;
    });
    ended.catch(() => undefined); // whoever cares awaits `ended`
    return { ended, trouble: () => reader.trouble?.() ?? null, close: () => reader.close() };
  }
}

function drainingError(generation: string): TriplineError {
  return streamError(
    "TRIPLINE_STREAM_DRAINING",
    `${generation} takes no new records while it is drained for a move: they wait at their producers. \`tripline log status\` ` +
      "says how far it is, `tripline log reopen` takes it back",
  );
}
