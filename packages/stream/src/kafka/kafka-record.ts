import type { LogRecord } from "../log.ts";

/** A message as kafkajs decodes it, as far as Tripline reads it. */
export interface DecodedMessage {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
}

export function toRecord(topic: string, partition: number, message: DecodedMessage): LogRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const one = Array.isArray(value) ? value.at(-1) : value;
    if (one !== undefined) headers[name] = one.toString();
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    appendTime: Number(message.timestamp),
    key: message.key === null ? null : message.key.toString(),
    value: message.value,
    headers,
  };
}

/** The records in parts of at most `maxRecords`, each ending when its values exceed `maxBytes`. */
export function* inParts(
  records: readonly LogRecord[],
  maxRecords: number,
  maxBytes: number,
): Iterable<LogRecord[]> {
  let part: LogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    part.push(record);
    bytes += record.value?.byteLength ?? 0;
    if (part.length < maxRecords && bytes <= maxBytes) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}
