import { cloudEventHeaders, eventKey, parseRecord, TOPICS, TriplineError } from "@tripline/events";
import { type RecordSender, type RefusedLine, SendError, type SendResult } from "./record-sender.ts";

/** What is needed of a log: `Log` of @tripline/stream has it, and so does a thin wrapper around any Kafka client. */
export interface ProducingLog {
  produce(
    topic: string,
    records: readonly {
      key: string | null;
      value: Uint8Array;
      headers?: Readonly<Record<string, string>>;
    }[],
  ): Promise<unknown>;
}

export interface LogSenderOptions {
  log: ProducingLog;
  /** ms since the epoch, for `received`. */
  now: () => number;
  topic?: string | undefined;
}

/**
 * Writes batches straight to the events topic, without a collector: topic ACLs must then see to it that a producer
 * speaks for nobody else. Stamps `received` as the collector does. Does not close the log.
 */
export function createLogSender({ log, now, topic = TOPICS.events }: LogSenderOptions): RecordSender {
  async function send(lines: Buffer): Promise<SendResult> {
    const received = new Date(now()).toISOString();
    const refused: RefusedLine[] = [];
    const records = lines
      .toString("utf8")
      .split("\n")
      .slice(0, -1)
      .flatMap((text, line) => logRecord(text, line, received, refused));
    try {
      if (records.length > 0) await log.produce(topic, records);
    } catch (cause) {
      throw new SendError("unavailable", "the log can't take records now; they wait in the spool", { cause });
    }
    return { accepted: records.length, refused };
  }

  return { send, close: async () => await Promise.resolve() };
}

type LogRecord = Parameters<ProducingLog["produce"]>[1][number];

function logRecord(text: string, line: number, received: string, refused: RefusedLine[]): LogRecord[] {
  try {
    const { envelope } = parseRecord(text);
    return [
      {
        key: eventKey(envelope),
        value: Buffer.from(stamped(text, envelope.time, received)),
        headers: cloudEventHeaders(envelope),
      },
    ];
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    refused.push({ line, code: error.code, message: error.message });
    return [];
  }
}

/** Puts `received` behind `time`, its place in the schema; all other bytes stay as the producer wrote them. */
function stamped(text: string, time: string, received: string): string {
  const before = `"time":"${time}",`;
  const at = text.indexOf(before) + before.length;
  return `${text.slice(0, at)}"received":"${received}",${text.slice(at)}`;
}
