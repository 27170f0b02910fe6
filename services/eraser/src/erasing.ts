import { type Envelope, ErasureIndex, type HoldScope, TOPICS } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Eraser } from "@tripline/store";
import type { Log } from "@tripline/stream";
import type { RetentionDays } from "./config.ts";
import { asLogRecord, retentionEdges, retentionEnvelope } from "./retention-record.ts";

export interface ErasingDependencies {
  log: Pick<Log, "produce" | "offsets" | "committed">;
  eraser: Eraser;
  context: ServiceContext;
  days: RetentionDays;
}

const ARCHIVER = "archiver-events"; // the group whose commits say what is stored
const MAX_RECHECK_MS = 3600 * 1000; // an archiver that was frozen may have brought something back: rare, and found within the hour

/** What is remembered of one record: when nothing was left, and when to look again. */
interface Checked {
  firstMs: number;
  nextMs: number;
}

/**
 * One look at a time: writes today's retention where something is over its age, then removes what archived records cover
 * and is still there, until nothing is. Keeps no state but in memory: the records are in the store, and what is left is
 * counted there, so that a crash at any point only makes it look again.
 */
export class Erasing {
  readonly #deps: ErasingDependencies;
  readonly #checked = new Map<string, Checked>();
  /** What was in the store at an earlier look, and where the log's partitions ended then; null before the first. */
  #earlier: { records: ReadonlySet<string>; ends: Map<number, number> } | null = null;
  #trouble: string | null = null;

  constructor(deps: ErasingDependencies) {
    this.#deps = deps;
  }

  /** What keeps it from erasing, in words; null when nothing does. */
  get trouble(): string | null {
    return this.#trouble;
  }

  async look(signal: AbortSignal): Promise<void> {
    // All that was in the log at the earlier look is archived and sealed by now: the records that were seen then, and every
    // hold that was written before. Nothing is removed under less.
    const sealed = await this.#archivedSince();
    if (sealed === null) return;
    const { eraser, context } = this.#deps;
    const ends = await this.#ends();
    const index = new ErasureIndex(await eraser.records({ signal }));
    this.#earlier = { records: new Set(index.records().map(({ id }) => id)), ends };
    await this.#expire(index, signal);
    const removals = await eraser.removals({ signal });
    const stuck = removals.find(({ trouble }) => trouble !== null);
    this.#trouble =
      stuck === undefined
        ? null
        : `a removal from ${stuck.table} does not get on: ClickHouse says ${stuck.trouble}`;
    if (removals.length > 0) return;
    for (const record of index.effective()) {
      signal.throwIfAborted();
      if (!sealed.has(record.id)) continue;
      if ((this.#checked.get(record.id)?.nextMs ?? 0) > context.now()) continue;
      await this.#erase(
        record,
        index.holds(record.tenant).map(({ scope }) => scope),
        signal,
      );
    }
  }

  async #erase(record: Envelope, holds: readonly HoldScope[], signal: AbortSignal): Promise<void> {
    const { eraser, context } = this.#deps;
    const { payloads, names } = await eraser.left(record, holds, { signal });
    const now = context.now();
    if (payloads === 0 && names === 0) {
      const firstMs = this.#checked.get(record.id)?.firstMs ?? now;
      const pause = Math.min(MAX_RECHECK_MS, now - firstMs);
      this.#checked.set(record.id, { firstMs, nextMs: now + pause });
      return;
    }
    this.#checked.delete(record.id);
    context.logger.info(
      { record: record.id, tenant: record.tenant, payloads, names },
      "erasing what a record covers",
    );
    await eraser.erase(record, holds);
  }

  /** Today's record for each tenant of which something is over its age. */
  async #expire(index: ErasureIndex, signal: AbortSignal): Promise<void> {
    const { eraser, log, context, days } = this.#deps;
    const edges = retentionEdges(days, context.now());
    const tenants = await eraser.tenantsBefore(edges, { signal });
    for (const tenant of tenants) {
      const record = retentionEnvelope(tenant, edges, index.heldBack(tenant));
      if (index.record(record.id) !== null) continue;
      const { payloads, names } = await eraser.left(record, [], { signal });
      if (payloads === 0 && names === 0) continue;
      await log.produce(TOPICS.events, [asLogRecord(record)]);
    }
  }

  /** The records of the earlier look; null where the archiver has not yet come to what the log held then. */
  async #archivedSince(): Promise<ReadonlySet<string> | null> {
    if (this.#earlier === null) return new Set();
    const { records, ends } = this.#earlier;
    const committed = await this.#deps.log.committed(TOPICS.events, ARCHIVER);
    const isThere = [...ends].every(
      ([partition, end]) => end === 0 || (committed.get(partition)?.offset ?? 0) >= end,
    );
    return isThere ? records : null;
  }

  async #ends(): Promise<Map<number, number>> {
    const offsets = await this.#deps.log.offsets(TOPICS.events);
    return new Map(offsets.map(({ partition, next }) => [partition, next]));
  }
}
