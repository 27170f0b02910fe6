import { setTimeout as delay } from "node:timers/promises";
import type { OnWarning } from "../core/warnings.ts";
import { type RecordSender, SendError, type SendResult } from "../senders/record-sender.ts";
import type { RefusedFile } from "./refused-file.ts";
import { type Batch, isMissing, type SegmentQueue } from "./segment-queue.ts";

const BATCH_BYTES = 1024 * 1024; // a quarter of what the collector takes: a resend stays cheap
const BATCH_LINES = 1000;
const LINGER_MS = 2; // an intent and its call often travel together; more would show in detection latency
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 10_000; // after an outage everything flows again within seconds
const MAX_RETRY_AFTER_MS = 60_000; // a receiver may ask for patience, not for silence

export interface DeliveryOptions {
  sender: RecordSender;
  /** What dead boots left, oldest first, then this boot's own queue last. */
  queues: SegmentQueue[];
  refusedFile: RefusedFile;
  random: () => number;
  onWarning: OnWarning;
  onRefused: (count: number) => void;
  /** Records that were accepted and then could not be read any more. */
  onLost: () => void;
  /** An adopted queue is empty. */
  onFinished: (queue: SegmentQueue) => void;
}

/** Sends what the spool holds: in order, one batch outstanding, until it is taken. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #queues: SegmentQueue[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #wake: (() => void) | null = null;
  #draining = false;
  #hurried = false;
  #lingering: AbortController | null = null;
  #failures = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#queues = options.queues;
    this.#running = this.#run();
  }

  /** Something new is on file. */
  grown(): void {
    this.#wake?.();
  }

  /** What was just put on file is waited for: it is sent without looking for company. */
  hurry(): void {
    this.#hurried = true;
    this.#lingering?.abort();
  }

  /** Sends until nothing is left or the time is over, then stops. What is left stays on file. */
  async close(timeoutMs: number): Promise<void> {
    this.#draining = true;
    this.#wake?.();
    const timer = setTimeout(() => this.#stop.abort(), timeoutMs);
    await this.#running;
    clearTimeout(timer);
    await this.#options.sender.close();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const found = this.#nextBatch();
        if (found === "failed") await this.#backOff(undefined);
        else if (found !== null) await this.#deliver(found.queue, found.batch);
        else if (this.#draining) return;
        else await this.#sleep();
      } catch (cause) {
        // The process we live in belongs to somebody else: a defect here must not end it.
        this.#options.onWarning({
          code: "TRIPLINE_DELIVERY",
          message: "sending records failed; trying again",
          cause,
        });
        await this.#backOff(undefined);
      }
    }
  }

  #nextBatch(): { queue: SegmentQueue; batch: Batch } | "failed" | null {
    for (;;) {
      const [queue] = this.#queues;
      if (queue === undefined) return null;
      try {
        const batch = queue.next(BATCH_BYTES, BATCH_LINES);
        if (batch !== null) return { queue, batch };
      } catch (cause) {
        if (!this.#unreadable(queue, cause)) return "failed";
        continue;
      }
      if (this.#queues.length === 1) return null;
      this.#queues.shift();
      this.#options.onFinished(queue);
    }
  }

  /** A file that somebody removed is given up and counted; any other error may pass. */
  #unreadable(queue: SegmentQueue, cause: unknown): boolean {
    const gone = isMissing(cause);
    this.#options.onWarning({
      code: gone ? "TRIPLINE_SPOOL_LOST" : "TRIPLINE_SPOOL_READ",
      message: gone
        ? `a segment in ${queue.directory} was deleted before its records were sent`
        : `records in ${queue.directory} can't be read; trying again`,
      cause,
    });
    if (!gone) return false;
    queue.abandonSegment();
    this.#options.onLost();
    return true;
  }

  async #deliver(queue: SegmentQueue, batch: Batch): Promise<void> {
    if (!(await this.#send(batch.body, batch.lines))) return;
    try {
      queue.acknowledge(batch);
    } catch (cause) {
      this.#options.onWarning({
        code: "TRIPLINE_SPOOL_CURSOR",
        message: `the cursor in ${queue.directory} can't be written: after a crash records are sent twice, and recognised`,
        cause,
      });
    }
  }

  /** Sends until every line is taken or refused; false when stopped before. */
  async #send(body: Buffer, lines: number): Promise<boolean> {
    for (;;) {
      try {
        const result = await this.#options.sender.send(body, this.#stop.signal);
        this.#failures = 0;
        this.#noteRefused(body, result);
        return true;
      } catch (cause) {
        if (this.#stop.signal.aborted) return false;
        const error =
          cause instanceof SendError
            ? cause
            : new SendError("unavailable", "sending records failed", { cause });
        if (error.failure === "rejected") return await this.#sendHalves(body, lines, error);
        this.#options.onWarning({ code: error.code, message: error.message, cause: error.cause });
        await this.#backOff(error.retryAfterMs);
        if (this.#stop.signal.aborted) return false;
      }
    }
  }

  async #sendHalves(body: Buffer, lines: number, error: SendError): Promise<boolean> {
    if (lines === 1) {
      this.#noteRefused(body, {
        accepted: 0,
        refused: [{ line: 0, code: error.code, message: error.message }],
      });
      return true;
    }
    const half = Math.floor(lines / 2);
    let cut = 0;
    for (let line = 0; line < half; line += 1) cut = body.indexOf(10, cut) + 1;
    return (
      (await this.#send(body.subarray(0, cut), half)) && (await this.#send(body.subarray(cut), lines - half))
    );
  }

  #noteRefused(body: Buffer, { refused }: SendResult): void {
    if (refused.length === 0) return;
    this.#options.refusedFile.keep(body, refused);
    this.#options.onRefused(refused.length);
  }

  /** Full jitter: many interceptors must not come back at the same moment. */
  async #backOff(atLeastMs: number | undefined): Promise<void> {
    this.#failures += 1;
    const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 10));
    const ms = Math.max(
      Math.min(atLeastMs ?? 0, MAX_RETRY_AFTER_MS),
      ceiling / 2 + (this.#options.random() * ceiling) / 2,
    );
    await delay(ms, undefined, { signal: this.#stop.signal, ref: this.#draining }).catch(ignoreAbort);
  }

  async #sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
    if (!this.#draining && !this.#hurried) await this.#linger();
    this.#hurried = false;
  }

  async #linger(): Promise<void> {
    this.#lingering = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, this.#lingering.signal]);
    await delay(LINGER_MS, undefined, { signal }).catch(ignoreAbort);
    this.#lingering = null;
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
