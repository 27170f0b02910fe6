import { setImmediate as nextTurn } from "node:timers/promises";
import { isRetriable, TriplineError } from "@tripline/events";
import type { Assignment, LogRecord, NewRecord, PartitionReader } from "../log.ts";
import { asAppendedOnce, type SetAside, setAside } from "./marks.ts";
import type { Runner } from "./runner.ts";
import type { FinishedSnapshot, SegmentChain, SnapshotWriter } from "./segment-chain.ts";
import { encodePointer, type SnapshotPointer } from "./snapshot-pointer.ts";
import type { StateStore } from "./state-store.ts";
import type { Emission, Outcome, PartitionStep } from "./step.ts";
import type { WarmPartition } from "./warm-partitions.ts";

const MAX_SNAPSHOT_PAUSE_MS = 10 * 60_000; // what a restart has to read again at most, whatever a snapshot costs
const STATE_BYTES_PER_MS = 1000; // half of what 2,000 calls/s write themselves: a state that changes faster waits longer
const SLICE_MS = 2; // how long encoding holds the thread, beside one entry; a record waits for one slice at most

export interface StepPartitionOptions {
  runner: Runner;
  assignment: Assignment;
  step: PartitionStep;
  pace: { snapshotEveryMs: number; snapshotShare: number; commitEveryMs: number };
  /** Null for a step without state. `pointer` names the snapshot that was restored. */
  state: { store: StateStore; chain: SegmentChain; pointer: SnapshotPointer | null } | null;
  /** The partition was here a moment ago, and is taken up where it was left. */
  warm?: WarmPartition | null;
  /** Takes a partition that is lost at rest. Returns whether it did. */
  keep?(warm: WarmPartition): boolean;
}

/** A step at work on one partition: its batches, its commits, its snapshots. */
export class StepPartition implements PartitionReader {
  readonly startAt?: number;
  readonly #runner: Runner;
  readonly #assignment: Assignment;
  readonly #step: PartitionStep;
  readonly #options: StepPartitionOptions;
  readonly #signal: AbortSignal;
  /** What lies before was made durable by an earlier owner: such records only rebuild the state. */
  readonly #replayUntil: number;
  /** The last snapshot that is written, and the one that the last commit named. */
  #pointer: SnapshotPointer | null;
  #named: SnapshotPointer | null;
  #finished: FinishedSnapshot | null = null;
  #writing: Promise<void> | null = null;
  /** The next offset to commit; everything before it is processed and durable. */
  #position: number;
  #committed: number;
  /** The next offset that the state has not seen; behind `#position` while replaying. */
  #seen: number;
  /** `#seen` when the state was last written or restored. */
  #saved: number;
  #committedAt = performance.now();
  #snapshotAt = performance.now();
  /** The least time to the next snapshot, by what the last one cost. */
  #snapshotPauseMs = 0;
  /** The state holds records whose effects are not durable: it must not be written. */
  #ahead = false;
  /** A snapshot has begun and is not durable. */
  #torn = false;
  /** Batches and commits under way. */
  #busy = 0;
  #timer: NodeJS.Timeout | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: StepPartitionOptions) {
    const { assignment, runner, state, step } = options;
    this.#options = options;
    this.#runner = runner;
    this.#assignment = assignment;
    this.#step = step;
    this.#signal = runner.signalFor(assignment);
    this.#pointer = state?.pointer ?? null;
    this.#named = this.#pointer;
    this.#replayUntil = assignment.committed?.offset ?? assignment.earliest;
    this.#position = this.#replayUntil;
    this.#committed = this.#replayUntil;
    if (this.#pointer !== null) this.startAt = this.#pointer.position;
    this.#seen = this.startAt ?? this.#replayUntil;
    this.#saved = this.#seen;
    const { warm, pace } = options;
    if (warm === undefined || warm === null) return;
    this.startAt = warm.position;
    this.#replayUntil = warm.position;
    this.#position = warm.position;
    this.#seen = warm.position;
    this.#saved = warm.saved;
    if (this.#position !== this.#committed) this.#commitLater(pace.commitEveryMs);
  }

  onBatch(records: LogRecord[]): Promise<void> {
    return this.#inTurn(async () => {
      const started = performance.now();
      const { name, topic, hooks } = this.#runner.options;
      const { partition } = this.#assignment;
      this.#ahead = true;
      const emitted = await this.#process(records);
      const last = records.at(-1);
      if (last !== undefined) this.#seen = last.offset + 1;
      this.#position = Math.max(this.#position, this.#seen);
      this.#ahead = false;
      hooks?.onBatch?.({
        name,
        topic,
        partition,
        records: records.length,
        seconds: (performance.now() - started) / 1000,
      });
      const { commitEveryMs } = this.#options.pace;
      if (emitted || performance.now() - this.#committedAt >= commitEveryMs) await this.#commit(false);
      else this.#commitLater(commitEveryMs);
    });
  }

  async onClosing(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#inTurn(() => this.#commit(true));
  }

  onLost(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const warm = this.#atRest();
    if (warm === null || this.#options.keep?.(warm) !== true) this.#step.onLost?.();
  }

  /** What can be taken up again; null where the state is not exactly that of the records before `#position`. */
  #atRest(): WarmPartition | null {
    const { state } = this.#options;
    if (state === null || this.#runner.stopping || this.#busy > 0 || this.#ahead || this.#torn) return null;
    const pointer = this.#pointer;
    if (pointer === null || pointer !== this.#named || this.#seen !== this.#position) return null;
    return {
      step: this.#step,
      chain: state.chain,
      pointer,
      committed: { offset: this.#committed, metadata: encodePointer(pointer) },
      position: this.#position,
      saved: this.#saved,
    };
  }

  /** Handles the records and makes their effects durable. Returns whether there were any. */
  async #process(records: readonly LogRecord[]): Promise<boolean> {
    const { name, hooks } = this.#runner.options;
    const emissions: Emission[] = [];
    const passing: Emission[] = [];
    const rejected: { record: LogRecord; reason: string }[] = [];
    for (const record of records) {
      const aside = setAside(record, name);
      if (aside !== null) {
        await this.#learn(record, aside);
        if (record.offset >= this.#replayUntil) hooks?.onOutcome?.({ name, kind: "skip", reason: aside });
        continue;
      }
      const returned = this.#attempt(record);
      const outcome = returned instanceof Promise ? await returned : returned;
      if (record.offset < this.#replayUntil) continue;
      if (outcome.kind === "reject") {
        rejected.push({ record, reason: outcome.reason });
        continue;
      }
      if (outcome.kind === "emit") {
        for (const emission of outcome.records)
          (emission.passing === true ? passing : emissions).push(emission);
        hooks?.onOutcome?.({ name, kind: "emit" });
      } else {
        hooks?.onOutcome?.({ name, kind: "skip", reason: outcome.reason });
      }
    }
    for (const [topic, list] of byTopicOf(passing)) {
      // Whoever waited for it goes on without it.
      this.#runner.options.log.produce(topic, list).catch(() => undefined);
    }
    await Promise.all(
      [...byTopicOf(emissions)].map(([topic, list]) => this.#runner.produce(topic, list, this.#signal)),
    );
    if (rejected.length > 0) await this.#runner.deadLetters(rejected, this.#signal);
    return emissions.length > 0 || rejected.length > 0;
  }

  /** A copy rebuilds the state as its original did, which had its effects in the log's earlier generation. */
  async #learn(record: LogRecord, aside: SetAside): Promise<void> {
    if (aside === "copied" && this.#options.state !== null) await this.#attempt(asAppendedOnce(record));
  }

  #attempt(record: LogRecord): Outcome | Promise<Outcome> {
    try {
      const outcome = this.#step.process(record);
      return outcome instanceof Promise ? outcome.catch((error) => this.#recover(record, error)) : outcome;
    } catch (error) {
      return this.#recover(record, error);
    }
  }

  #recover(record: LogRecord, error: unknown): Outcome | Promise<Outcome> {
    if (!(error instanceof TriplineError)) throw error;
    if (!isRetriable(error)) return { kind: "reject", reason: error.code };
    let first: { error: TriplineError } | null = { error };
    return this.#runner
      .retrying(`processing ${record.topic}/${record.partition}`, this.#signal, () => {
        if (first === null) return this.#step.process(record);
        const thrown = first.error;
        first = null;
        throw thrown; // counts as the first attempt, so that the second one waits
      })
      .catch((later: unknown) => {
        if (later instanceof TriplineError && !isRetriable(later))
          return { kind: "reject", reason: later.code };
        throw later;
      });
  }

  async #commit(closing: boolean): Promise<void> {
    if (this.#ahead) return; // given up in the middle of a batch: it will be processed again
    const { state, pace } = this.#options;
    // The first commit of a step with state names a snapshot, or the next owner would start there with an empty state.
    if (closing || (state !== null && this.#pointer === null)) {
      await this.#writing;
      await this.#commitPosition();
      this.#snapshot();
      await this.#writing;
    } else if (
      performance.now() - this.#snapshotAt >=
      Math.max(pace.snapshotEveryMs, this.#snapshotPauseMs)
    ) {
      this.#snapshot();
    }
    await this.#commitPosition();
  }

  async #commitPosition(): Promise<void> {
    const pointer = this.#pointer;
    if (this.#options.state !== null && pointer === null) return; // no snapshot to name yet
    if (this.#position === this.#committed && pointer === this.#named) return;
    await this.#runner.commit(this.#assignment, this.#position, encodePointer(pointer), this.#signal);
    this.#committed = this.#position;
    this.#committedAt = performance.now();
    if (pointer === this.#named) return;
    this.#named = pointer;
    this.#finished?.named();
    this.#finished = null;
    await this.#cleanUp();
  }

  /**
   * Begins a snapshot of the state as it is, which is written while batches go on; the commit after that names it. Not
   * while the one before is being written or waits to be named.
   */
  #snapshot(): void {
    const { state } = this.#options;
    if (state === null || this.#writing !== null || this.#pointer !== this.#named) return;
    if (this.#pointer !== null && this.#seen === this.#saved) return;
    if (this.#seen < this.#position) return;
    const started = performance.now();
    this.#snapshotAt = started;
    this.#saved = this.#seen;
    this.#torn = true;
    const writer = state.chain.begin(this.#position);
    const beganMs = performance.now() - started;
    this.#writing = state.store
      .inTurn(() => this.#write(state.store.topic, writer, beganMs))
      .catch((error: unknown) => {
        if (!this.#signal.aborted) this.#runner.fail(error);
      })
      .finally(() => {
        this.#writing = null;
        if (this.#finished !== null && !this.#signal.aborted) this.#commitLater(0);
      });
  }

  /** Slice by slice, so that no record waits long, and chunk by chunk, so that nothing else that is produced does. */
  async #write(topic: string, writer: SnapshotWriter, beganMs: number): Promise<void> {
    const started = performance.now();
    let encodingMs = beganMs;
    let longestMs = beganMs;
    for (let done = false; !done; ) {
      if (this.#assignment.signal.aborted) return;
      const from = performance.now();
      const slice = writer.slice(() => performance.now() - from < SLICE_MS);
      const tookMs = performance.now() - from;
      encodingMs += tookMs;
      longestMs = Math.max(longestMs, tookMs);
      done = slice.done;
      for (const record of slice.records) await this.#runner.produce(topic, [record], this.#signal);
      if (!done) await nextTurn();
    }
    this.#finished = writer.finish();
    this.#torn = false;
    this.#pointer = this.#finished.pointer;
    const pauseMs = Math.max(
      encodingMs / this.#options.pace.snapshotShare,
      writer.bytes / STATE_BYTES_PER_MS,
    );
    this.#snapshotPauseMs = Math.min(pauseMs, MAX_SNAPSHOT_PAUSE_MS);
    const { name, hooks } = this.#runner.options;
    hooks?.onSnapshot?.({
      name,
      partition: this.#assignment.partition,
      bytes: writer.bytes,
      seconds: (performance.now() - started) / 1000,
      encodingSeconds: encodingMs / 1000,
      longestSeconds: longestMs / 1000,
    });
  }

  async #cleanUp(): Promise<void> {
    const { state } = this.#options;
    const tombstones = state?.chain.tombstones() ?? [];
    if (state === null || tombstones.length === 0) return;
    await this.#runner.produce(state.store.topic, tombstones, this.#signal);
    state.chain.cleaned();
  }

  #commitLater(ms: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#signal.aborted) return;
      this.#inTurn(() => this.#commit(false)).catch((error: unknown) => this.#runner.fail(error));
    }, ms);
  }

  /** Batches, late commits and the last commit, one after the other; quiet when the partition is lost. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    const done = this.#turn
      .then(() => this.#runner.batch(work))
      .finally(() => {
        this.#busy -= 1;
      })
      .then(() => undefined);
    this.#turn = done.catch(() => undefined); // the caller has the error; the next in line must not inherit it
    return done;
  }
}

function byTopicOf(emissions: readonly Emission[]): Map<string, NewRecord[]> {
  const byTopic = new Map<string, NewRecord[]>();
  for (const { topic, passing: _, ...record } of emissions) {
    const list = byTopic.get(topic);
    if (list === undefined) byTopic.set(topic, [record]);
    else list.push(record);
  }
  return byTopic;
}
