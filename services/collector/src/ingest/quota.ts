import type { Producer } from "@tripline/service";

const BURST_SECONDS = 2; // what a producer may save up while it is quiet

interface Bucket {
  records: number;
  at: number;
}

/**
 * Records a second for each producer. A batch passes as long as anything is left, so that a spool's large batches do; what
 * it takes too much is owed by the next.
 */
export class Quotas {
  readonly #buckets = new Map<string, Bucket>();

  /** 0 when the producer may go on, else the seconds until it may. @param nowMs ms since the epoch */
  secondsToWait(producer: Producer, nowMs: number): number {
    const { records } = this.#refilled(producer, nowMs);
    return records > 0 ? 0 : Math.max(1, Math.ceil((1 - records) / producer.quota));
  }

  take(producer: Producer, records: number, nowMs: number): void {
    this.#refilled(producer, nowMs).records -= records;
  }

  #refilled(producer: Producer, nowMs: number): Bucket {
    const most = producer.quota * BURST_SECONDS;
    const bucket = this.#buckets.get(producer.id) ?? { records: most, at: nowMs };
    const elapsed = Math.max(0, nowMs - bucket.at); // the clock may have been set back
    bucket.records = Math.min(most, bucket.records + (elapsed / 1000) * producer.quota);
    bucket.at = nowMs;
    this.#buckets.set(producer.id, bucket);
    return bucket;
  }
}
