import { crc32 } from "node:zlib";
import { streamError } from "../errors.ts";
import type { LogRecord } from "../log.ts";

/**
 * A record as LMDB holds it, under its offset:
 * append time in ms (6 bytes), flags (1), key length (4), headers length (4), key, headers as JSON, value as it came,
 * and the CRC-32 of all that (4), for LMDB has none. Records of the first versions lack it, and the flag.
 */
const HEAD_BYTES = 15;
const SUM_BYTES = 4;
const HAS_KEY = 1;
const HAS_VALUE = 2;
const HAS_SUM = 4;
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

export function encodeStored(record: LogRecord): Buffer {
  const { key, value, headers } = record;
  const headersText = headers === NO_HEADERS || isEmpty(headers) ? "" : JSON.stringify(headers);
  const keyBytes = key === null ? 0 : Buffer.byteLength(key);
  const headersBytes = Buffer.byteLength(headersText);
  const end = HEAD_BYTES + keyBytes + headersBytes + (value?.byteLength ?? 0);
  const bytes = Buffer.allocUnsafe(end + SUM_BYTES);
  bytes.writeUIntBE(record.appendTime, 0, 6);
  bytes[6] = (key === null ? 0 : HAS_KEY) | (value === null ? 0 : HAS_VALUE) | HAS_SUM;
  bytes.writeUInt32BE(keyBytes, 7);
  bytes.writeUInt32BE(headersBytes, 11);
  if (key !== null) bytes.write(key, HEAD_BYTES);
  bytes.write(headersText, HEAD_BYTES + keyBytes);
  if (value !== null) bytes.set(value, HEAD_BYTES + keyBytes + headersBytes);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

/**
 * The value is a view of `bytes`, which must be the caller's own.
 * @throws TriplineError TRIPLINE_STREAM_DAMAGED for bytes that are not what was stored
 */
export function decodeStored(topic: string, partition: number, offset: number, bytes: Buffer): LogRecord {
  const flags = bytes[6] ?? 0;
  const hasSum = (flags & HAS_SUM) !== 0;
  const end = bytes.byteLength - (hasSum ? SUM_BYTES : 0);
  if (end < HEAD_BYTES || (hasSum && crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end))) {
    throw damagedRecord(topic, partition, offset);
  }
  const keyEnd = HEAD_BYTES + bytes.readUInt32BE(7);
  const headersEnd = keyEnd + bytes.readUInt32BE(11);
  if (headersEnd > end) throw damagedRecord(topic, partition, offset);
  return {
    topic,
    partition,
    offset,
    appendTime: bytes.readUIntBE(0, 6),
    key: (flags & HAS_KEY) === 0 ? null : bytes.toString("utf8", HEAD_BYTES, keyEnd),
    value: (flags & HAS_VALUE) === 0 ? null : bytes.subarray(headersEnd, end),
    headers: headersEnd === keyEnd ? NO_HEADERS : JSON.parse(bytes.toString("utf8", keyEnd, headersEnd)),
  };
}

function damagedRecord(topic: string, partition: number, offset: number) {
  return streamError(
    "TRIPLINE_STREAM_DAMAGED",
    `record ${offset} of ${topic}/${partition} is not what was stored (its checksum differs): the disk or a program changed it`,
  );
}

function isEmpty(headers: Readonly<Record<string, string>>): boolean {
  for (const _ in headers) return false;
  return true;
}
