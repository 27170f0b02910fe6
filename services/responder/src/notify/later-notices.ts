import { type Incident, TOPICS, TriplineError } from "@tripline/events";
import type { Log, LogRecord } from "@tripline/stream";
import { incidentIn } from "./incident-record.ts";

const LOOK_EVERY_MS = 1000; // asking the log where it ends is a request of its own
const REMEMBERED = 100_000; // incidents that wait in one queue; of those beyond, every notice is told

/** What else waits in one partition of a queue that is behind, so that of an incident only the latest notice is told. */
export class LaterNotices {
  readonly #log: Pick<Log, "offsets" | "scan">;
  readonly #partition: number;
  readonly #isWanted: (incident: Incident) => boolean;
  readonly #now: () => number;
  /** incident id -> offset of its latest notice that this notifier is told of */
  readonly #latest = new Map<string, number>();
  #lookedUntil = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: {
    log: Pick<Log, "offsets" | "scan">;
    partition: number;
    isWanted(incident: Incident): boolean;
    /** ms since the epoch */
    now(): number;
  }) {
    this.#log = options.log;
    this.#partition = options.partition;
    this.#isWanted = options.isWanted;
    this.#now = options.now;
  }

  /** Whether a later notice of the incident waits behind `offset`. Rejects with a retriable error when the log does not answer. */
  async supersede(incidentId: string, offset: number): Promise<boolean> {
    if (this.#now() - this.#lookedAt >= LOOK_EVERY_MS) {
      await this.#look(offset + 1);
      this.#lookedAt = this.#now();
    }
    const latest = this.#latest.get(incidentId);
    if (latest !== undefined && latest <= offset) this.#latest.delete(incidentId);
    return latest !== undefined && latest > offset;
  }

  async #look(from: number): Promise<void> {
    const offsets = await this.#log.offsets(TOPICS.incidents);
    const range = offsets.find(({ partition }) => partition === this.#partition);
    const start = Math.max(from, this.#lookedUntil, range?.earliest ?? 0);
    if (range === undefined || start >= range.next) return;
    const to = range.next;
    try {
      await this.#log.scan(
        { topic: TOPICS.incidents, partition: this.#partition, from: start, to },
        async (all) => this.#note(all),
      );
    } catch (error) {
      // Retention took a part of it meanwhile. What is not known to be superseded is told.
      if (error instanceof TriplineError && error.code === "TRIPLINE_STREAM_OUT_OF_RANGE") return;
      throw error;
    }
    this.#lookedUntil = to;
  }

  #note(records: readonly LogRecord[]): void {
    for (const record of records) {
      const incident = incidentIn(record);
      if (incident?.notice === undefined || !this.#isWanted(incident)) continue;
      if (this.#latest.size < REMEMBERED || this.#latest.has(incident.id)) {
        this.#latest.set(incident.id, record.offset);
      }
    }
  }
}
