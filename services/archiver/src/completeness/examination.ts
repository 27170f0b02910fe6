import { type Alert, TOPICS } from "@tripline/events";
import { counter, gauge, type ServiceContext } from "@tripline/service";
import type { BootHistory, CompletenessStore, Gap, LogSpan, Store, StoredHeartbeat } from "@tripline/store";
import type { Log } from "@tripline/stream";
import { type AlertDesk, alertDesk } from "./alert-desk.ts";
import { alertOf, REVISITED } from "./gap-alerts.ts";
import { type Mark, Marks } from "./marks.ts";
import { PacedLoop, type Pause } from "./paced-loop.ts";
import { Progress } from "./progress.ts";
import { SilenceTracker } from "./silence.ts";

/** How long things take; smaller only for tests. */
export interface ExaminationTimes {
  lookEveryMs: number;
  /**
   * What arrived is looked at when it is so old. A heartbeat comes behind its records, but a batch that the log took in
   * part is sent again, and partitions are archived one by one.
   */
  graceMs: number;
  /** Twelve and more heartbeats did not come: longer than a restart, a deployment or a reconnection takes. */
  silentAfterMs: number;
  /** Open alerts are looked at again this often: what was in a spool closes them. */
  revisitEveryMs: number;
  /**
   * How much of all time counting, and hashing, may take, the store's answers included. Who is behind catches up in no
   * more than that, and says by how much it lags.
   */
  countShare: number;
  hashShare: number;
}

export const EXAMINATION_TIMES: ExaminationTimes = {
  lookEveryMs: 10_000,
  graceMs: 60_000,
  silentAfterMs: 5 * 60_000,
  revisitEveryMs: 60_000,
  countShare: 0.05,
  hashShare: 0.1, // 2,500 records/s at 40 µs each; at more the hashes are checked when it is quieter
};

const HEARTBEATS_AT_ONCE = 5_000;
const BOOTS_AT_ONCE = 200; // of one count; 30 KB of statement
const MAX_LAST_HEARTBEATS = 20_000; // remembered, 1 KB each; of others the store is asked
const SILENCE_LOOKBACK_MS = 24 * 3600 * 1000; // boots that fell silent before were told of before

export interface ExaminationDependencies {
  log: Log;
  store: Store;
  context: ServiceContext;
  /** The groups that archive, by topic. */
  groups: Readonly<Record<string, string>>;
  times: ExaminationTimes;
}

/**
 * Looks at all that became old enough, as long as it is open: counts first, so that what is missing is known soon; then
 * hashes, which reads every envelope. One for all partitions, run by the owner of the events topic's partition 0.
 */
export class Examination {
  readonly #store: CompletenessStore;
  readonly #context: ServiceContext;
  readonly #times: ExaminationTimes;
  readonly #marks: Marks;
  readonly #desk: AlertDesk;
  readonly #silence = new SilenceTracker();
  readonly #counted: Progress;
  readonly #hashed: Progress;
  readonly #last = new Map<string, StoredHeartbeat>();
  readonly #loops: PacedLoop[];
  /** The newest ripe mark: what lies before it is stored. */
  #mark: Mark | null = null;
  #ready = false;
  #hashesLoaded = false;
  #revisitedMs = Number.NEGATIVE_INFINITY;

  constructor({ log, store, context, groups, times }: ExaminationDependencies) {
    this.#store = store.completeness;
    this.#context = context;
    this.#times = times;
    const monotonic = () => performance.now();
    this.#marks = new Marks({ log, groups, graceMs: times.graceMs, monotonic });
    this.#desk = alertDesk(log, this.#store, context);
    this.#counted = new Progress("sequences", log.generation, this.#store);
    this.#hashed = new Progress("hashes", log.generation, this.#store);
    const { logger } = context;
    const everyMs = times.lookEveryMs;
    this.#loops = [
      new PacedLoop({ what: "looking for gaps", everyMs, share: times.countShare, logger }, (pause, signal) =>
        this.#count(pause, signal),
      ),
      new PacedLoop({ what: "checking hashes", everyMs, share: times.hashShare, logger }, (pause, signal) =>
        this.#hash(pause, signal),
      ),
    ];
  }

  get trouble(): string | null {
    return this.#loops.map(({ trouble }) => trouble).find((trouble) => trouble !== null) ?? null;
  }

  async close(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.close()));
  }

  async #count(pause: Pause, signal: AbortSignal): Promise<void> {
    if (!this.#ready) await this.#begin();
    const mark = await this.#marks.look();
    if (mark !== null) this.#mark = mark;
    const held = mark?.held.get(TOPICS.events);
    if (mark === null || held === undefined) return;
    for (let span = this.#counted.next(held); span !== null && !signal.aborted; ) {
      const activity = await this.#store.activityInLog(span);
      for await (const heartbeats of this.#heartbeats(span)) {
        await this.#countHeartbeats(heartbeats, pause);
      }
      for (const boot of activity) this.#silence.heard(boot, mark.atMs);
      this.#counted.done(span, newestOf(activity));
      this.#report("sequences", this.#counted.behind(held), sum(activity.map(({ records }) => records)));
      await pause();
      span = this.#counted.next(held);
    }
    await this.#counted.save();
    if (signal.aborted) return;
    await this.#lookForSilence(mark);
    await this.#revisit(pause);
  }

  async #hash(pause: Pause, signal: AbortSignal): Promise<void> {
    if (!this.#hashesLoaded) {
      await this.#hashed.load();
      this.#hashesLoaded = true;
    }
    const held = this.#mark?.held.get(TOPICS.events);
    if (held === undefined) return;
    for (let span = this.#hashed.next(held); span !== null && !signal.aborted; ) {
      let records = 0;
      let newest: string | null = null;
      for await (const heartbeats of this.#heartbeats(span)) {
        for (const ofBoot of byBoot(heartbeats)) {
          if (signal.aborted) return;
          const found = await this.#store.examine(ofBoot, { hashes: true }, { pause });
          records += found.records;
          await this.#tell(found.gaps);
          await pause();
        }
        newest = heartbeats.at(-1)?.append_time ?? newest;
      }
      this.#hashed.done(span, newest);
      this.#report("hashes", this.#hashed.behind(held), records);
      await this.#hashed.save();
      await pause();
      span = this.#hashed.next(held);
    }
  }

  async #begin(): Promise<void> {
    const since = new Date(this.#context.now() - SILENCE_LOOKBACK_MS).toISOString();
    for (const boot of await this.#store.activitySince(since)) this.#silence.heard(boot, performance.now());
    await this.#counted.load();
    this.#ready = true;
  }

  /** The stretch's heartbeats, in parts. */
  async *#heartbeats(span: LogSpan): AsyncGenerator<StoredHeartbeat[]> {
    for (let from = span.from; ; ) {
      const heartbeats = await this.#store.heartbeatsInLog({ ...span, from }, HEARTBEATS_AT_ONCE);
      if (heartbeats.length > 0) yield heartbeats;
      const last = heartbeats.at(-1);
      if (heartbeats.length < HEARTBEATS_AT_ONCE || last === undefined) return;
      from = last.source_offset + 1;
    }
  }

  /** One question for many boots; one boot at a time only where something is not as it should be. */
  async #countHeartbeats(heartbeats: readonly StoredHeartbeat[], pause: Pause): Promise<void> {
    const boots = byBoot(heartbeats);
    for (let first = 0; first < boots.length; first += BOOTS_AT_ONCE) {
      const histories: BootHistory[] = boots
        .slice(first, first + BOOTS_AT_ONCE)
        .map((ofBoot) => ({ heartbeats: ofBoot, before: this.#last.get(keyOf(ofBoot[0])) ?? null }));
      const complete = await this.#store.complete(histories);
      for (const history of histories) {
        if (!complete.has(history)) {
          const found = await this.#store.examine(history.heartbeats, { hashes: false });
          await this.#tell(found.gaps);
        }
        this.#remember(history.heartbeats.at(-1));
      }
      await pause();
    }
  }

  async #lookForSilence(mark: Mark): Promise<void> {
    for (const { boot, since } of this.#silence.silent(mark.atMs, this.#times.silentAfterMs)) {
      const heard = await this.#store.heardSince(boot, since);
      const last = heard.find((other) => other.boot === boot.boot);
      if (last === undefined) continue;
      const { gaps } = await this.#store.examineTail(last);
      await this.#tell(gaps);
      await this.#desk.silent(last, heard);
    }
  }

  async #revisit(pause: Pause): Promise<void> {
    if (performance.now() - this.#revisitedMs < this.#times.revisitEveryMs) return;
    this.#revisitedMs = performance.now();
    await this.#desk.revisit(REVISITED, pause);
  }

  async #tell(gaps: readonly Gap[]): Promise<void> {
    const found = counter(this.#context.metrics, {
      name: "tripline_completeness_gaps_total",
      help: "What the examination found, by kind: see docs/completeness.md. Looks made again after a restart count again.",
      labels: ["kind"],
    });
    for (const { kind } of gaps) found.inc({ kind });
    const alerts = new Map<string, Alert>();
    for (const gap of gaps) {
      const alert = alertOf(gap);
      if (alert !== null && !alerts.has(alert.id)) alerts.set(alert.id, alert);
    }
    await this.#desk.raise([...alerts.values()]);
  }

  #report(what: string, behind: number, records: number): void {
    gauge(this.#context.metrics, {
      name: "tripline_completeness_lag_records",
      help: "Records that are stored and old enough, and not yet examined: by their numbers, or by their hashes.",
      labels: ["what"],
    }).set({ what }, behind);
    counter(this.#context.metrics, {
      name: "tripline_completeness_records_total",
      help: "Records examined, by their numbers or by their hashes.",
      labels: ["what"],
    }).inc({ what }, records);
  }

  #remember(heartbeat: StoredHeartbeat | undefined): void {
    if (heartbeat === undefined) return;
    const key = keyOf(heartbeat);
    this.#last.delete(key);
    if (!heartbeat.heartbeat.goodbye) this.#last.set(key, heartbeat);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= MAX_LAST_HEARTBEATS) return;
      this.#last.delete(oldest);
    }
  }
}

/** Each boot's heartbeats, by rising number. */
function byBoot(heartbeats: readonly StoredHeartbeat[]): StoredHeartbeat[][] {
  return [...Map.groupBy(heartbeats, keyOf).values()].map((ofBoot) => ofBoot.sort((a, b) => a.seq - b.seq));
}

function keyOf(of: { tenant: string; producer: string; boot: string } | undefined): string {
  return of === undefined ? "" : `${of.tenant}\n${of.producer}\n${of.boot}`;
}

function newestOf(activity: readonly { last_append_time: string }[]): string | null {
  return (
    activity
      .map(({ last_append_time }) => last_append_time)
      .sort()
      .at(-1) ?? null
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
