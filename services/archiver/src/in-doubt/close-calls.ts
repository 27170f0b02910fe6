import { TOPICS } from "@tripline/events";
import { counter, gauge, type ServiceContext } from "@tripline/service";
import type {
  BootActivity,
  CompletenessStore,
  Examined,
  LogSpan,
  Store,
  WaitingIntent,
} from "@tripline/store";
import type { Log } from "@tripline/stream";
import { type Mark, Marks } from "../completeness/marks.ts";
import { PacedLoop, type Pause } from "../completeness/paced-loop.ts";
import { Progress } from "../completeness/progress.ts";
import { inDoubtRecord, waitOf } from "./in-doubt-record.ts";

/** How long things take; smaller only for tests. */
export interface ClosingTimes {
  lookEveryMs: number;
  /** Intents are looked at when they are so old: by then most have their call, and need not be remembered. */
  graceMs: number;
  /** How much of all time it may take, the store's answers included. */
  share: number;
}

export const CLOSING_TIMES: ClosingTimes = { lookEveryMs: 10_000, graceMs: 30_000, share: 0.05 };

const INTENTS_AT_ONCE = 5_000;
const MAX_WAITING = 20_000; // intents in memory, 1 KB each; beyond it nothing is dropped, only looked at later

export interface ClosingDependencies {
  log: Log;
  store: Store;
  context: ServiceContext;
  /** The groups that archive, by topic. */
  groups: Readonly<Record<string, string>>;
  times: ClosingTimes;
}

interface Waiting extends WaitingIntent {
  partition: number;
  /** By this process's own clock. */
  dueMs: number;
}

/**
 * Closes the calls whose end nobody saw: an intent whose deadline is over, and whose call is not among all that was
 * archived after it, gets a call record with the outcome `in_doubt`. Its state is in the store: the intents without a
 * call. So a restart forgets nothing, and what was written before a crash is seen before anything is written again.
 */
export class CallClosing {
  readonly #log: Log;
  readonly #store: CompletenessStore;
  readonly #context: ServiceContext;
  readonly #marks: Marks;
  readonly #progress: Progress;
  readonly #loop: PacedLoop;
  #waiting: Waiting[] = [];
  #ready = false;
  /** Until what was left by an earlier process is read: its intents have waited already. */
  #catchingUp = true;

  constructor({ log, store, context, groups, times }: ClosingDependencies) {
    this.#log = log;
    this.#store = store.completeness;
    this.#context = context;
    this.#marks = new Marks({ log, groups, graceMs: times.graceMs, monotonic: () => performance.now() });
    this.#progress = new Progress("intents", log.generation, this.#store);
    this.#loop = new PacedLoop(
      {
        what: "closing calls in doubt",
        everyMs: times.lookEveryMs,
        share: times.share,
        logger: context.logger,
      },
      (pause, signal) => this.#look(pause, signal),
    );
  }

  get trouble(): string | null {
    return this.#loop.trouble;
  }

  async close(): Promise<void> {
    await this.#loop.close();
  }

  async #look(pause: Pause, signal: AbortSignal): Promise<void> {
    if (!this.#ready) {
      await this.#progress.load();
      this.#ready = true;
    }
    const mark = await this.#marks.look();
    const held = mark?.held.get(TOPICS.events);
    if (mark === null || held === undefined) return;
    for (
      let span = this.#progress.next(held);
      span !== null && this.#waiting.length < MAX_WAITING && !signal.aborted;
    ) {
      await this.#take(span, mark);
      await pause();
      span = this.#progress.next(held);
    }
    if (this.#progress.next(held) === null) this.#catchingUp = false;
    await this.#closeDue(mark);
    await this.#progress.save(this.#oldestWaiting());
    gauge(this.#context.metrics, {
      name: "tripline_in_doubt_waiting",
      help: "Intents that wait for their call.",
    }).set(this.#waiting.length);
  }

  async #take(span: LogSpan, mark: Mark): Promise<void> {
    const activity = await this.#store.activityInLog(span);
    const newest = newestOf(activity);
    for (let from = span.from; ; ) {
      const intents = await this.#store.waitingIntents({ ...span, from }, INTENTS_AT_ONCE);
      for (const intent of intents) {
        const waitMs = waitOf(intent.envelope);
        if (waitMs === null) continue;
        const waitedMs =
          this.#catchingUp && newest !== null ? Date.parse(newest) - Date.parse(intent.append_time) : 0;
        const dueMs = mark.atMs + Math.max(0, waitMs - Math.max(0, waitedMs));
        this.#waiting.push({ ...intent, partition: span.partition, dueMs });
      }
      const last = intents.at(-1);
      if (intents.length < INTENTS_AT_ONCE || last === undefined) break;
      from = last.offset + 1;
    }
    this.#progress.done(span, newest);
  }

  /** All that was appended before the mark is stored: who has no call by then is in doubt, if it was due. */
  async #closeDue(mark: Mark): Promise<void> {
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= mark.atMs);
    if (due.length === 0) return;
    const named = due.flatMap((intent) => {
      const callId = intent.envelope.call?.id;
      return callId === undefined ? [] : [{ intent, tenant: intent.envelope.tenant, callId }];
    });
    const ended = await this.#store.endedCalls(named);
    const open = named.filter(({ tenant, callId }) => !ended.has(`${tenant}\n${callId}`));
    if (open.length > 0) {
      await this.#log.produce(
        TOPICS.events,
        open.map(({ intent }) => inDoubtRecord(intent.envelope)),
      );
      counter(this.#context.metrics, {
        name: "tripline_in_doubt_total",
        help: "Calls that were closed as in doubt: their intent's deadline was over, and nobody had seen their end.",
      }).inc(open.length);
    }
    const closed = new Set<Waiting>(due);
    this.#waiting = this.#waiting.filter((intent) => !closed.has(intent));
  }

  #oldestWaiting(): Map<number, Examined> {
    const oldest = new Map<number, Examined>();
    for (const { partition, offset, append_time } of this.#waiting) {
      const known = oldest.get(partition);
      if (known === undefined || offset < known.offset)
        oldest.set(partition, { partition, offset, append_time });
    }
    return oldest;
  }
}

function newestOf(activity: readonly BootActivity[]): string | null {
  return (
    activity
      .map(({ last_append_time }) => last_append_time)
      .sort()
      .at(-1) ?? null
  );
}
