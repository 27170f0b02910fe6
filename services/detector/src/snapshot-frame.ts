const LENGTH_BYTES = 4;

/** A stage's own state as JSON and detection's bytes, in one snapshot. */
export function joinSnapshot(own: unknown, detection: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(own));
  const bytes = new Uint8Array(LENGTH_BYTES + json.length + detection.length);
  new DataView(bytes.buffer).setUint32(0, json.length);
  bytes.set(json, LENGTH_BYTES);
  bytes.set(detection, LENGTH_BYTES + json.length);
  return bytes;
}

export function splitSnapshot(bytes: Uint8Array): { own: unknown; detection: Uint8Array } {
  const end = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return {
    own: JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end))),
    detection: bytes.subarray(end),
  };
}
