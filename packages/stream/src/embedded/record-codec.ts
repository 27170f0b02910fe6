import type { LogRecord } from "../log.ts";

/**
 * A record as LMDB holds it, under its offset:
 * append time in ms (6 bytes), flags (1), key length (4), headers length (4), key, headers as JSON, value as it came.
 */
const HEAD_BYTES = 15;
const HAS_KEY = 1;
const HAS_VALUE = 2;
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

export function encodeStored(record: LogRecord): Buffer {
  const { key, value, headers } = record;
  const headersText = headers === NO_HEADERS || isEmpty(headers) ? "" : JSON.stringify(headers);
  const keyBytes = key === null ? 0 : Buffer.byteLength(key);
  const headersBytes = Buffer.byteLength(headersText);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + keyBytes + headersBytes + (value?.byteLength ?? 0));
  bytes.writeUIntBE(record.appendTime, 0, 6);
  bytes[6] = (key === null ? 0 : HAS_KEY) | (value === null ? 0 : HAS_VALUE);
  bytes.writeUInt32BE(keyBytes, 7);
  bytes.writeUInt32BE(headersBytes, 11);
  if (key !== null) bytes.write(key, HEAD_BYTES);
  bytes.write(headersText, HEAD_BYTES + keyBytes);
  if (value !== null) bytes.set(value, HEAD_BYTES + keyBytes + headersBytes);
  return bytes;
}

/** The value is a view of `bytes`, which must be the caller's own. */
export function decodeStored(topic: string, partition: number, offset: number, bytes: Buffer): LogRecord {
  const flags = bytes[6] ?? 0;
  const keyEnd = HEAD_BYTES + bytes.readUInt32BE(7);
  const headersEnd = keyEnd + bytes.readUInt32BE(11);
  return {
    topic,
    partition,
    offset,
    appendTime: bytes.readUIntBE(0, 6),
    key: (flags & HAS_KEY) === 0 ? null : bytes.toString("utf8", HEAD_BYTES, keyEnd),
    value: (flags & HAS_VALUE) === 0 ? null : bytes.subarray(headersEnd),
    headers: headersEnd === keyEnd ? NO_HEADERS : JSON.parse(bytes.toString("utf8", keyEnd, headersEnd)),
  };
}

function isEmpty(headers: Readonly<Record<string, string>>): boolean {
  for (const _ in headers) return false;
  return true;
}
