import { encodeText } from "./text.ts";

/** C2SP tlog-cosignature, cosignature/v1 with Ed25519: what a witness signs, and how the signature carries its time. */

const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** `timestamp`: POSIX seconds. `message`: the checkpoint's text as bytes. */
export function cosignatureMessage(message: Uint8Array, timestamp: number): Uint8Array {
  const head = encodeText(`cosignature/v1\ntime ${timestamp}\n`);
  const bytes = new Uint8Array(head.length + message.length);
  bytes.set(head);
  bytes.set(message, head.length);
  return bytes;
}

/** `timestamped_signature`: 8 bytes of big-endian seconds, then the Ed25519 signature. */
export function encodeTimestampedSignature(timestamp: number, signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TIMESTAMP_BYTES + signature.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timestamp));
  bytes.set(signature, TIMESTAMP_BYTES);
  return bytes;
}

/** Null for another length, and for times beyond 2^53 - 1 seconds, which no witness has seen. */
export function parseTimestampedSignature(
  bytes: Uint8Array,
): { timestamp: number; signature: Uint8Array } | null {
  if (bytes.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) return null;
  const timestamp = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0);
  if (timestamp > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return { timestamp: Number(timestamp), signature: bytes.slice(TIMESTAMP_BYTES) };
}
