import { createHash, hash } from "node:crypto";

/**
 * A tenant's redaction key. `id` is public and travels in tokens; `key` is 64 hex digits and never leaves a key file,
 * the enrolled interceptors and the detector.
 */
export interface RedactionKey {
  id: string;
  key: string;
}

/**
 * SHA-256 over key, newline and value, as hex cut to `digits`. The key comes first and the output is cut to at most
 * half, so it can't be extended; HMAC would say the same at twelve times the cost (12 µs a value).
 */
export function keyedHash(key: RedactionKey, value: string, digits: 16 | 32): string {
  return hash("sha256", `${key.key}\n${value}`, "hex").slice(0, digits);
}

/** `keyedHash` of what comes in pieces. */
export interface KeyedHasher {
  update(piece: Uint8Array | string): void;
  /** `keyedHash` of the pieces' concatenation. Ends the hasher. */
  digest(digits: 16 | 32): string;
}

export function keyedHasher(key: RedactionKey): KeyedHasher {
  const rolling = createHash("sha256").update(`${key.key}\n`);
  return {
    update: (piece) => {
      rolling.update(piece);
    },
    digest: (digits) => rolling.digest("hex").slice(0, digits),
  };
}

/** The subject id of a person: equal for equal names whatever their case, unreadable without the key. */
export function subjectId(key: RedactionKey, name: string): string {
  return `sub_${keyedHash(key, `subject\n${name.trim().toLowerCase()}`, 32)}`;
}

const TOKEN_DIGITS = 16; // 64 bits: no accidental equality within a tenant's secrets

/** What stands in for a secret: the same secret gives the same token, whatever kind it was recognised as. */
export function redactionToken(key: RedactionKey, kind: string, secret: string): string {
  return `⟨${kind}:${key.id}.${keyedHash(key, secret, TOKEN_DIGITS)}⟩`;
}

/** Matches exactly one redaction token, and captures kind, key id and hash. */
export const REDACTION_TOKEN = /^⟨([a-z_]+):([A-Za-z0-9_-]+)\.([0-9a-f]{16})⟩$/;
