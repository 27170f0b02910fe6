import { setTimeout as delay } from "node:timers/promises";
import { ErasureIndex, TOPICS, TriplineError } from "@tripline/events";
import { HttpError } from "@tripline/service";
import type { ReconciledTable, Store } from "@tripline/store";
import type { Log } from "@tripline/stream";
import { type Compare, type Compared, readChunk } from "./chunk.ts";
import { compareAlerts } from "./compare-alerts.ts";
import { compareEvents, type Letters } from "./compare-events.ts";
import { compareIncidents } from "./compare-incidents.ts";
import { compareRevocations, revocationEntries } from "./compare-revocations.ts";
import { doubledIds } from "./doubled-ids.ts";
import { archivedLetters } from "./letters.ts";
import { type DoctorLine, type Finding, type FindingKind, NO_COUNTS, type PartitionReport } from "./lines.ts";
import { type PartitionState, partitionsOf } from "./positions.ts";

export const DOCTOR_TOPICS = [TOPICS.events, TOPICS.alerts, TOPICS.incidents, TOPICS.revocations] as const;
type DoctorTopic = (typeof DOCTOR_TOPICS)[number];

export interface DoctorSelection {
  /** Default: all of DOCTOR_TOPICS. */
  topic?: DoctorTopic | undefined;
  partition?: number | undefined;
  /** Positions from here on, and before there. */
  from?: number | undefined;
  to?: number | undefined;
}

export interface DoctorDeps {
  log: Log;
  store: Store;
}

const MAX_LISTED = 1_000; // findings of one run; what is wrong a thousand times has one cause
const MAX_REST_MS = 250; // the pipeline has the machine for as long as a chunk took, up to this

const TABLE: Readonly<Record<DoctorTopic, ReconciledTable>> = {
  [TOPICS.events]: "records",
  [TOPICS.alerts]: "alerts",
  [TOPICS.incidents]: "incidents",
  [TOPICS.revocations]: "revocations",
};

/**
 * Compares log and store. Yields as it goes; ends by itself with a summary, or early when the signal is aborted. What
 * can't be checked (the log or the store is away) is an `error` line, and the summary says `not_checked`.
 */
export async function* examine(
  deps: DoctorDeps,
  selection: DoctorSelection,
  signal: AbortSignal,
): AsyncGenerator<DoctorLine> {
  const run = new Run(deps, selection, signal);
  let state: "whole" | "not_checked" = "whole";
  try {
    yield* run.all();
    const untold = run.untold();
    if (untold !== null) {
      state = "not_checked";
      yield untold;
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof TriplineError || error instanceof HttpError)) throw error;
    state = "not_checked";
    yield { type: "error", code: error.code, message: error.message };
  }
  yield await run.summary(state);
}

class Run {
  readonly #log: Log;
  readonly #store: Store;
  readonly #selection: DoctorSelection;
  readonly #signal: AbortSignal;
  readonly #started = performance.now();
  readonly #found: Record<FindingKind, number> = { missing: 0, doubled: 0, altered: 0, extra: 0, lost: 0 };
  /** Of the events topic, by `generation/partition`. */
  readonly #compared = new Map<string, { from: number; to: number }>();
  #listed = 0;
  #positions = 0;
  #untold = 0;
  #notYetStored = 0;
  #times: { first: string; last: string } | null = null;
  #others: { generation: string; rows: number }[] = [];

  constructor({ log, store }: DoctorDeps, selection: DoctorSelection, signal: AbortSignal) {
    this.#log = log;
    this.#store = store;
    this.#selection = selection;
    this.#signal = signal;
  }

  async *all(): AsyncGenerator<DoctorLine> {
    const topics = this.#selection.topic === undefined ? DOCTOR_TOPICS : [this.#selection.topic];
    for (const topic of topics) {
      const partitions = await partitionsOf(this.#log, topic);
      const wanted = partitions.filter(
        ({ partition }) => (this.#selection.partition ?? partition) === partition,
      );
      if (wanted.length === 0) {
        throw new TriplineError(
          "TRIPLINE_DOCTOR_PARTITION",
          `${topic} has no partition ${this.#selection.partition}: it has ${partitions.length}, counted from 0`,
        );
      }
      if (topic === TOPICS.revocations) yield* this.#table(wanted);
      else for (const state of wanted) yield* this.#partition(topic, state);
      yield* this.#outside(topic, partitions);
    }
    if (topics.includes(TOPICS.events)) yield* this.#doubledIds();
  }

  /** What could not be told, because the archiver has not come to the end of the dead letters. */
  untold(): DoctorLine | null {
    if (this.#untold === 0) return null;
    return {
      type: "error",
      code: "TRIPLINE_DOCTOR_LETTERS_PENDING",
      message: `${this.#untold} positions without a row may have dead letters that are not archived yet: see that the archiver runs, then try again`,
    };
  }

  async summary(state: "whole" | "not_checked"): Promise<DoctorLine> {
    const total = Object.values(this.#found).reduce((sum, each) => sum + each, 0);
    return {
      type: "summary",
      state: state === "not_checked" ? state : total > 0 ? "findings" : "whole",
      generation: this.#log.generation,
      findings: this.#found,
      not_listed: total - this.#listed,
      positions: this.#positions,
      not_yet_stored: this.#notYetStored,
      other_generations: this.#others,
      seconds: Math.round((performance.now() - this.#started) / 100) / 10,
    };
  }

  /** A partition of a topic that is kept by time. */
  async *#partition(topic: DoctorTopic, state: PartitionState): AsyncGenerator<DoctorLine> {
    const { partition } = state;
    const report = this.#report(topic, state);
    const letters = archivedLetters(this.#store, this.#log);
    const compare = this.#compare(topic, letters);
    yield* this.#lost(report, state);
    const stored = Math.min(state.committed ?? state.earliest, state.next);
    const end = Math.min(stored, this.#selection.to ?? stored);
    const start = Math.max(state.earliest, this.#selection.from ?? 0);
    if (topic === TOPICS.events) {
      this.#compared.set(`${this.#log.generation}/${partition}`, { from: start, to: end });
    }
    for (let from = start; from < end; ) {
      this.#signal.throwIfAborted();
      const began = performance.now();
      const kept = await this.#stillThere(topic, partition, from, end);
      report.gone_meanwhile += kept - from;
      from = kept;
      if (from >= end) break;
      const chunk = await readChunk(this.#log, { topic, partition, from, to: end });
      yield* this.#tell(report, await compare(chunk, this.#signal));
      from = chunk.to;
      yield { type: "progress", topic, partition, done: from - start, of: end - start };
      await this.#rest(performance.now() - began);
    }
    yield { type: "partition", ...report };
  }

  #compare(topic: DoctorTopic, letters: Letters): Compare {
    if (topic === TOPICS.alerts) return compareAlerts(this.#store, letters);
    if (topic === TOPICS.incidents) return compareIncidents(this.#store, letters);
    return compareEvents(this.#store, letters, (signal) => erasuresOf(this.#store, signal));
  }

  /** The compacted topic: every entry that it holds. */
  async *#table(wanted: readonly PartitionState[]): AsyncGenerator<DoctorLine> {
    const before = new Map(wanted.map(({ partition, committed }) => [partition, committed ?? 0]));
    const entries = await revocationEntries(this.#log, before);
    if (entries === null) {
      throw new TriplineError(
        "TRIPLINE_DOCTOR_TOO_MUCH",
        `${TOPICS.revocations} holds more entries than can be compared at once`,
      );
    }
    const deps = {
      store: this.#store,
      generation: this.#log.generation,
      letters: archivedLetters(this.#store, this.#log),
    };
    const { from = 0, to = Number.MAX_SAFE_INTEGER } = this.#selection;
    for (const state of wanted) {
      const report = this.#report(TOPICS.revocations, state);
      const mine = entries.filter(
        ({ partition, offset }) => partition === state.partition && offset >= from && offset < to,
      );
      for await (const compared of compareRevocations(deps, state.partition, mine, this.#signal)) {
        yield* this.#tell(report, compared);
      }
      yield { type: "partition", ...report };
    }
  }

  #report(topic: string, state: PartitionState): PartitionReport {
    const { earliest, next, committed } = state;
    const behind = next - Math.min(Math.max(committed ?? earliest, earliest), next);
    this.#notYetStored += behind;
    return { topic, ...state, ...NO_COUNTS, not_yet_stored: behind, gone_meanwhile: 0, findings: 0 };
  }

  /** Retention took records before the archiver came to them. */
  *#lost(report: PartitionReport, { committed, earliest }: PartitionState): Generator<DoctorLine> {
    if (committed === null || committed >= earliest) return;
    const { topic, partition } = report;
    const what = "retention removed these before they were stored";
    yield* this.#find(report, [
      { kind: "lost", topic, partition, offset: committed, to: earliest - 1, what },
    ]);
  }

  /** The first of these positions that retention has left. */
  async #stillThere(topic: string, partition: number, from: number, end: number): Promise<number> {
    const bounds = (await this.#log.offsets(topic)).find((each) => each.partition === partition);
    return Math.min(Math.max(from, bounds?.earliest ?? from), end);
  }

  /** Rows that name positions behind the log's end, or partitions that it does not have. */
  async *#outside(topic: DoctorTopic, partitions: readonly PartitionState[]): AsyncGenerator<DoctorLine> {
    const rows = await this.#store.reconcile.partitions(TABLE[topic], { signal: this.#signal });
    const ends = new Map((await this.#log.offsets(topic)).map(({ partition, next }) => [partition, next]));
    for (const { generation, partition, rows: count, lowest, highest } of rows) {
      if (generation !== this.#log.generation) {
        if (topic === TOPICS.events) this.#addOther(generation, count);
        continue;
      }
      const end = ends.get(partition) ?? 0;
      if (highest < end || (this.#selection.partition ?? partition) !== partition) continue;
      const what =
        partition < partitions.length
          ? "rows name positions behind the log's end"
          : `${count} rows name a partition that the log does not have`;
      const about = { topic, partition, offset: Math.max(end, lowest), to: highest, what };
      yield* this.#find(null, [{ kind: "extra", ...about }]);
    }
  }

  #addOther(generation: string, rows: number): void {
    const known = this.#others.find((other) => other.generation === generation);
    if (known === undefined) this.#others.push({ generation, rows });
    else known.rows += rows;
  }

  async *#doubledIds(): AsyncGenerator<DoctorLine> {
    const { partition, from, to } = this.#selection;
    const isPart = [partition, from, to].some((value) => value !== undefined);
    if (isPart && this.#times === null) return; // no row in that part
    for await (const { findings, done, of } of doubledIds(
      this.#store,
      isPart ? this.#times : null,
      this.#signal,
    )) {
      const began = performance.now();
      // Rows of one position are told as such.
      const apart = findings.filter(({ rows = [] }) => new Set(rows).size > 1 || !this.#wasCompared(rows));
      yield* this.#find(null, apart);
      yield { type: "progress", topic: TOPICS.events, partition: null, done, of };
      await this.#rest(performance.now() - began);
    }
  }

  /** Whether these are positions that were looked at one by one. */
  #wasCompared(rows: readonly string[]): boolean {
    return rows.every((row) => {
      const offset = Number(row.slice(row.lastIndexOf("/") + 1));
      const range = this.#compared.get(row.slice(0, row.lastIndexOf("/")));
      return range !== undefined && offset >= range.from && offset < range.to;
    });
  }

  *#tell(report: PartitionReport, { findings, counts, untold, times }: Compared): Generator<DoctorLine> {
    for (const [name, count] of Object.entries(counts)) {
      if (isCount(name)) report[name] += count;
    }
    this.#positions += counts.positions;
    this.#untold += untold;
    if (times !== null) {
      const { first, last } = this.#times ?? times;
      this.#times = {
        first: [times.first, first].sort()[0] ?? first,
        last: [times.last, last].sort()[1] ?? last,
      };
    }
    yield* this.#find(report, findings);
  }

  *#find(report: PartitionReport | null, findings: readonly Finding[]): Generator<DoctorLine> {
    if (report !== null) report.findings += findings.length;
    for (const finding of findings) {
      this.#found[finding.kind]++;
      if (this.#listed >= MAX_LISTED) continue;
      this.#listed++;
      yield { type: "finding", ...finding };
    }
  }

  async #rest(workedMs: number): Promise<void> {
    await delay(Math.min(workedMs, MAX_REST_MS), undefined, { signal: this.#signal });
  }
}

/** Of archived records only: what they cover may be gone, and nothing else. */
async function erasuresOf(store: Store, signal: AbortSignal): Promise<ErasureIndex> {
  return new ErasureIndex(await store.eraser.records({ signal }));
}

function isCount(name: string): name is keyof typeof NO_COUNTS {
  return Object.hasOwn(NO_COUNTS, name);
}
