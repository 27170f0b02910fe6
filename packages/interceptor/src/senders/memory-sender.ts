import { parseRecord, type TriplineRecord } from "@tripline/events";
import type { RecordSender, SendResult } from "./record-sender.ts";

/** Keeps what it is sent: for tests of what is built on an interceptor. */
export class MemorySender implements RecordSender {
  readonly records: TriplineRecord[] = [];
  /** The batches as they came. */
  readonly batches: string[] = [];
  /** Set to make every `send` fail with it. */
  failure: Error | null = null;

  async send(lines: Buffer): Promise<SendResult> {
    if (this.failure !== null) throw this.failure;
    const text = lines.toString("utf8");
    const records = text.split("\n").slice(0, -1).map(parseRecord);
    this.batches.push(text);
    this.records.push(...records);
    return { accepted: records.length, refused: [] };
  }

  async close(): Promise<void> {
    return await Promise.resolve();
  }
}
