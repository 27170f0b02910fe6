import { type Envelope, type ErasureIndex, TOPICS } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { EnvelopeEraser, TenantHold } from "@tripline/store";
import type { Log } from "@tripline/stream";
import type { RetentionDays } from "./config.ts";
import { asLogRecord, envelopeEdge, removalEnvelope, retentionEdges } from "./retention-record.ts";

export interface RemovingDependencies {
  log: Pick<Log, "produce">;
  eraser: EnvelopeEraser;
  context: ServiceContext;
  days: RetentionDays;
}

const EVERY_MS = 3600 * 1000; // looking for what is over its age; also at each new day, and when holds change
const DAYS_PER_MONTH_SHOWN = 60; // of the age, half the months must show records since: a date alone is not believed

/**
 * Removes envelopes that are over their age: first the sealed record that names their positions, then, once that is archived, the rows.
 * Keeps no state but in memory: what is left is counted in the store.
 */
export class Removing {
  readonly #deps: RemovingDependencies;
  /** Records of which nothing was left when it was last looked, and when to look again. */
  readonly #done = new Map<string, number>();
  /** Records that are on their way into the store. */
  readonly #written = new Set<string>();
  #planned = { of: "", atMs: 0 };

  constructor(deps: RemovingDependencies) {
    this.#deps = deps;
  }

  /**
   * One look. Only when no payload waits to be erased and no removal runs: an envelope never goes before its payload.
   * @param index all records that are archived @returns whether anything was begun
   */
  async look(index: ErasureIndex, signal: AbortSignal): Promise<boolean> {
    const holds = index.allHolds();
    if (await this.#remove(index.removals(), holds, signal)) return true;
    return this.#plan(index, holds, signal);
  }

  async #remove(
    records: readonly Envelope[],
    holds: readonly TenantHold[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { eraser, context } = this.#deps;
    for (const record of records) {
      signal.throwIfAborted();
      if ((this.#done.get(record.id) ?? 0) > performance.now()) continue;
      const envelopes = await eraser.leftEnvelopes(record, holds, { signal });
      if (envelopes === 0) {
        this.#done.set(record.id, performance.now() + EVERY_MS); // an archiver that was frozen may bring something back
        continue;
      }
      context.logger.info({ record: record.id, envelopes }, "removing envelopes that a record covers");
      await eraser.eraseEnvelopes(record, holds);
      return true;
    }
    return false;
  }

  async #plan(index: ErasureIndex, holds: readonly TenantHold[], signal: AbortSignal): Promise<boolean> {
    const { eraser, log, context, days } = this.#deps;
    const now = context.now();
    const before = envelopeEdge(days, now);
    const of = JSON.stringify([
      before,
      retentionEdges(days, now).today,
      index.allHolds().map(({ id }) => id),
    ]);
    if (this.#planned.of === of && performance.now() - this.#planned.atMs < EVERY_MS) return false;
    const records: Envelope[] = [];
    for (const partition of await eraser.agedPartitions(before, { signal })) {
      const removed = await eraser.removable(partition, before, holds, { signal });
      if (removed === null || !(await this.#hasPassed(before, signal))) continue;
      const record = removalEnvelope(removed, retentionEdges(days, now).today);
      if (index.record(record.id) === null) records.push(record);
    }
    if (records.length > 0) {
      const unwritten = records.filter(({ id }) => !this.#written.has(id));
      if (unwritten.length > 0) await log.produce(TOPICS.events, unwritten.map(asLogRecord));
      for (const { id } of unwritten) this.#written.add(id);
      return true; // where one record has no room for all that stays, a later look finds the rest
    }
    this.#planned = { of, atMs: performance.now() };
    return false;
  }

  /** Whether the store itself shows that so much time has passed: what a clock that is years ahead would remove is everything. */
  async #hasPassed(before: string, signal: AbortSignal): Promise<boolean> {
    const { eraser, context, days } = this.#deps;
    const needed = Math.floor(days.envelopeDays / DAYS_PER_MONTH_SHOWN);
    const shown = needed === 0 ? 0 : await eraser.monthsSince(before, { signal });
    if (shown >= needed) return true;
    context.logger.warn(
      { before, months_with_records: shown, needed },
      "envelopes are over their age by the date, and the store has too few records since to believe it: is the clock right? They stay",
    );
    return false;
  }
}
