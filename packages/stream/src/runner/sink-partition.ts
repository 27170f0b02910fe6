import { setTimeout as delay } from "node:timers/promises";
import type { Assignment, LogRecord, PartitionReader } from "../log.ts";
import { type Announcement, encodeAnnouncement, parseAnnouncement } from "./announcement.ts";
import { type SetAside, setAside } from "./marks.ts";
import type { Runner } from "./runner.ts";
import type { PartitionSink, RangeHold, SinkRange } from "./sink.ts";
import type { PartitionInfo } from "./step.ts";

export interface SinkPartitionOptions {
  runner: Runner;
  assignment: Assignment;
  info: PartitionInfo;
  sink: PartitionSink;
  /** The least time from one range's begin to the next one's, asked for each. */
  pauseMs(): number;
  onLost(): void;
  confirmAfterMs: number;
}

/** A sink at work on one partition: announce, write, commit; one range at a time. */
export class SinkPartition implements PartitionReader {
  readonly #runner: Runner;
  readonly #assignment: Assignment;
  readonly #info: PartitionInfo;
  readonly #sink: PartitionSink;
  readonly #signal: AbortSignal;
  readonly #pauseMs: () => number;
  readonly #onLost: () => void;
  readonly #confirmAfterMs: number;
  /** A range that was announced by an earlier owner and never finished; its records come in one or more batches. */
  #unfinished: (Announcement & { records: LogRecord[] }) | null = null;

  constructor(options: SinkPartitionOptions) {
    const { runner, assignment, info, sink, pauseMs, onLost, confirmAfterMs } = options;
    this.#runner = runner;
    this.#assignment = assignment;
    this.#info = info;
    this.#sink = sink;
    this.#pauseMs = pauseMs;
    this.#onLost = onLost;
    this.#confirmAfterMs = confirmAfterMs;
    this.#signal = runner.signalFor(assignment);
    const { committed } = assignment;
    const announced = parseAnnouncement(committed?.metadata ?? "");
    if (announced !== null && announced.first === committed?.offset) {
      this.#unfinished = { ...announced, records: [] };
    }
  }

  async onBatch(records: LogRecord[]): Promise<void> {
    const began = performance.now();
    await this.#runner.batch(async () => {
      const fresh = await this.#finish(records);
      const first = fresh[0];
      const last = fresh.at(-1);
      if (first === undefined || last === undefined) return;
      const range = { first: first.offset, last: last.offset };
      const hold = this.#hold(range);
      await hold.announce();
      await this.#write(range, fresh, hold, false);
    });
    // Behind the range, not before it: what arrives meanwhile comes in the next batch.
    const pause = this.#pauseMs() - (performance.now() - began);
    if (pause > 0) await delay(pause, undefined, { signal: this.#signal, ref: false }).catch(ended);
  }

  onLost(): void {
    this.#unfinished = null;
    this.#onLost();
    this.#sink.onLost?.();
  }

  /** Gathers and writes the unfinished range. Returns the records behind it. */
  async #finish(records: LogRecord[]): Promise<LogRecord[]> {
    const unfinished = this.#unfinished;
    if (unfinished === null) return records;
    const { last } = unfinished;
    const behind = records.findIndex((record) => record.offset > last);
    for (const record of behind === -1 ? records : records.slice(0, behind)) unfinished.records.push(record);
    if (unfinished.records.at(-1)?.offset !== last && behind === -1) return [];
    await this.#write(unfinished, unfinished.records, this.#hold(unfinished), true);
    this.#unfinished = null;
    return behind === -1 ? [] : records.slice(behind);
  }

  #hold(range: Announcement): RangeHold & { announce(): Promise<void> } {
    // Both clocks: one of them stands still while a machine is suspended.
    const clocks = () => [Date.now(), performance.now()] as const;
    let last: readonly number[] = [0, Number.NEGATIVE_INFINITY];
    const announce = async () => {
      const before = clocks();
      await this.#runner.commit(this.#assignment, range.first, encodeAnnouncement(range), this.#signal);
      last = before;
    };
    return {
      announce,
      confirm: async () => {
        const isRecent = clocks().every(
          (now, clock) => Math.abs(now - (last[clock] ?? 0)) < this.#confirmAfterMs,
        );
        if (!isRecent) await announce();
      },
    };
  }

  async #write(
    range: Announcement,
    records: readonly LogRecord[],
    hold: RangeHold,
    again: boolean,
  ): Promise<void> {
    const started = performance.now();
    const { name, hooks } = this.#runner.options;
    const { topic, partition } = this.#info;
    const { taken, aside } = sorted(records, name);
    const { first, last } = range;
    let attempts = 0;
    const rejections = await this.#runner.retrying(`writing ${topic}/${partition}`, this.#signal, () =>
      this.#sink.write(
        { ...this.#info, first, last, again: again || attempts++ > 0, setAside: aside },
        taken,
        this.#signal,
        hold,
      ),
    );
    if (rejections.length > 0) {
      const reasons = new Map(rejections.map(({ offset, reason }) => [offset, reason]));
      const rejected = taken.flatMap((record) => {
        const reason = reasons.get(record.offset);
        return reason === undefined ? [] : [{ record, reason }];
      });
      await this.#runner.deadLetters(rejected, this.#signal);
    }
    await this.#runner.commit(this.#assignment, range.last + 1, "", this.#signal);
    for (const { why } of aside) hooks?.onOutcome?.({ name, kind: "skip", reason: why });
    const seconds = (performance.now() - started) / 1000;
    hooks?.onBatch?.({ name, topic, partition, records: records.length, seconds });
  }
}

function sorted(
  records: readonly LogRecord[],
  name: string,
): { taken: LogRecord[]; aside: SinkRange["setAside"] } {
  const taken: LogRecord[] = [];
  const aside: { record: LogRecord; why: SetAside }[] = [];
  for (const record of records) {
    const why = setAside(record, name);
    if (why === null) taken.push(record);
    else aside.push({ record, why });
  }
  return { taken, aside };
}

/** The pause was cut short because the partition is given up: there is nothing more to do here. */
function ended(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
