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
  /** Ends of the log's partitions at an earlier look; null before the first. */
  #mark: Map<number, number> | null = null;
  #trouble: string | null = null;

  constructor(deps: ErasingDependencies) {
    this.#deps = deps;
  }

  /** What keeps it from erasing, in words; null when nothing does. */
  get trouble(): string | null {
    return this.#trouble;
  }

  async look(signal: AbortSignal): Promise<void> {
    // A hold that was written before must be known before anything is removed.
    if (!(await this.#isArchived())) return;
    const { eraser, context } = this.#deps;
    const index = new ErasureIndex(await eraser.records({ signal }));
    this.#mark = await this.#ends();
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

  /** Whether all that was in the log at the last look is in the store by now. */
  async #isArchived(): Promise<boolean> {
    const mark = this.#mark ?? (await this.#ends());
    this.#mark = mark;
    const committed = await this.#deps.log.committed(TOPICS.events, ARCHIVER);
    return [...mark].every(([partition, end]) => end === 0 || (committed.get(partition)?.offset ?? 0) >= end);
  }

  async #ends(): Promise<Map<number, number>> {
    const offsets = await this.#deps.log.offsets(TOPICS.events);
    return new Map(offsets.map(({ partition, next }) => [partition, next]));
  }
}
