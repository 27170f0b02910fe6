/**
 * Standard base64 with padding (RFC 4648 §4), and only its one canonical spelling: what a decoder would read the same
 * but an eye or a diff would not is refused.
 */

const CHUNK_BYTES = 0x8000; // arguments to one fromCharCode; more would overflow the stack

export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return btoa(binary);
}

/** Null when the text is not canonical base64. */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const binary = atob(text);
  if (btoa(binary) !== text) return null; // bits behind the last byte that are not zero
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
