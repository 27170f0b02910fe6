import { type Envelope, ErasureIndex, type HoldScope, TOPICS } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Eraser } from "@tripline/store";
import type { Log } from "@tripline/stream";
import type { RetentionDays } from "./config.ts";
import { Removing } from "./removing.ts";
import { asLogRecord, retentionEdges, retentionEnvelope } from "./retention-record.ts";

export interface ErasingDependencies {
  log: Pick<Log, "generation" | "produce" | "offsets" | "committed">;
  eraser: Eraser;
  context: ServiceContext;
  days: RetentionDays;
}

const ARCHIVER = "archiver-events"; // the group whose commits say what is stored
const EXPIRE_EVERY_MS = 3600 * 1000; // looking over all payloads; also at each new day, and when holds change
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
  readonly #index = new ErasureIndex();
  #effective: readonly Envelope[] = [];
  readonly #checked = new Map<string, Checked>();
  /** Where the log's partitions ended at the earlier look; null before the first. */
  #earlier: Map<number, number> | null = null;
  /** Records before these positions are known; null before the second look. */
  #read: Map<number, number> | null = null;
  #expired = { of: "", atMs: 0 };
  #trouble: string | null = null;

  readonly #removing: Removing;

  constructor(deps: ErasingDependencies) {
    this.#deps = deps;
    this.#removing = new Removing(deps);
  }

  /** What keeps it from erasing, in words; null when nothing does. */
  get trouble(): string | null {
    return this.#trouble;
  }

  async look(signal: AbortSignal): Promise<void> {
    // All that was in the log at the earlier look is archived and sealed by now: the records that were seen then, and every
    // hold that was written before. Nothing is removed under less.
    if (!(await this.#isArchived())) return;
    const { eraser } = this.#deps;
    const ends = await this.#ends();
    const fresh = await this.#takeUp(signal);
    this.#read = this.#earlier; // all before was archived, and so is known now
    this.#earlier = ends;
    const isExpiring = await this.#expire(signal);
    const removals = await eraser.removals({ signal });
    const stuck = removals.find(({ trouble }) => trouble !== null);
    this.#trouble =
      stuck === undefined
        ? null
        : `a removal from ${stuck.table} does not get on: ClickHouse says ${stuck.trouble}`;
    if (removals.length > 0) return;
    let isErasing = isExpiring || fresh.size > 0;
    for (const record of this.#effective) {
      signal.throwIfAborted();
      if (fresh.has(record.id) || (this.#checked.get(record.id)?.nextMs ?? 0) > performance.now()) continue;
      const holds = this.#index.holds(record.tenant).map(({ scope }) => scope);
      if (await this.#erase(record, holds, signal)) isErasing = true;
    }
    if (!isErasing) await this.#removing.look(this.#index, signal);
  }

  /** Takes up what was archived since the earlier look; returns what is new. */
  async #takeUp(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { eraser, log } = this.#deps;
    const from = this.#read === null ? {} : { from: { generation: log.generation, offsets: this.#read } };
    const fresh = new Set<string>();
    for (const record of await eraser.records({ signal, ...from })) {
      if (this.#index.record(record.id) !== null) continue;
      this.#index.add(record);
      fresh.add(record.id);
    }
    if (fresh.size > 0) this.#effective = this.#index.effective();
    return fresh;
  }

  async #erase(record: Envelope, holds: readonly HoldScope[], signal: AbortSignal): Promise<boolean> {
    const { eraser, context } = this.#deps;
    const { payloads, names } = await eraser.left(record, holds, { signal });
    const now = performance.now(); // a clock that jumps must not put a look off
    if (payloads === 0 && names === 0) {
      const firstMs = this.#checked.get(record.id)?.firstMs ?? now;
      const pause = Math.min(MAX_RECHECK_MS, now - firstMs);
      this.#checked.set(record.id, { firstMs, nextMs: now + pause });
      return false;
    }
    this.#checked.delete(record.id);
    context.logger.info(
      { record: record.id, tenant: record.tenant, payloads, names },
      "erasing what a record covers",
    );
    await eraser.erase(record, holds);
    return true;
  }

  /** Today's record for each tenant of which something is over its age; whether any was written. */
  async #expire(signal: AbortSignal): Promise<boolean> {
    const { eraser, log, context, days } = this.#deps;
    const edges = retentionEdges(days, context.now());
    const of = JSON.stringify([edges, this.#index.allHolds().map(({ id }) => id)]);
    if (this.#expired.of === of && performance.now() - this.#expired.atMs < EXPIRE_EVERY_MS) return false;
    let isWritten = false;
    for (const tenant of await eraser.tenantsBefore(edges, { signal })) {
      const record = retentionEnvelope(tenant, edges, this.#index.heldBack(tenant));
      if (this.#index.record(record.id) !== null) continue;
      const { payloads, names } = await eraser.left(record, [], { signal });
      if (payloads === 0 && names === 0) continue;
      await log.produce(TOPICS.events, [asLogRecord(record)]);
      isWritten = true;
    }
    this.#expired = { of, atMs: performance.now() };
    return isWritten;
  }

  /** Whether all that was in the log at the earlier look is stored, and committed, by now. */
  async #isArchived(): Promise<boolean> {
    if (this.#earlier === null) return true;
    const committed = await this.#deps.log.committed(TOPICS.events, ARCHIVER);
    return [...this.#earlier].every(
      ([partition, end]) => end === 0 || (committed.get(partition)?.offset ?? 0) >= end,
    );
  }

  async #ends(): Promise<Map<number, number>> {
    const offsets = await this.#deps.log.offsets(TOPICS.events);
    return new Map(offsets.map(({ partition, next }) => [partition, next]));
  }
}
