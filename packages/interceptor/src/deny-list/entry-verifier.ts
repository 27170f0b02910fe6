import { createPublicKey, type KeyObject, verify } from "node:crypto";
import {
  revocationBytes,
  type SignedRevocation,
  type SignedVerdict,
  signedRevocationSchema,
  signedVerdictSchema,
  TriplineError,
  verdictBytes,
} from "@tripline/events";

/** A responder's Ed25519 key that revocations are believed from: PEM, or base64(url) of the raw 32 bytes or of the SPKI. */
export interface PinnedKey {
  id: string;
  public_key: string;
}

const RAW_KEY_BYTES = 32;
/** SubjectPublicKeyInfo of an Ed25519 key up to the raw key, RFC 8410. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const SIGNATURE_BYTES = 64;

/** Tells genuine entries from others. The pinned keys may change while it runs. */
export class EntryVerifier {
  #keys = new Map<string, KeyObject>();

  /** @throws TriplineError TRIPLINE_PINNED_KEY when a key is not Ed25519 */
  constructor(keys: readonly PinnedKey[]) {
    this.pin(keys);
  }

  /** Replaces the pinned keys. @throws TriplineError TRIPLINE_PINNED_KEY and changes nothing */
  pin(keys: readonly PinnedKey[]): void {
    this.#keys = new Map(keys.map(({ id, public_key }) => [id, readKey(id, public_key)]));
  }

  get hasKeys(): boolean {
    return this.#keys.size > 0;
  }

  /** The entry, if it has the right form and a pinned key signed exactly it; else null. Never throws. */
  verify(value: unknown): SignedRevocation | null {
    const parsed = signedRevocationSchema.safeParse(value);
    if (!parsed.success) return null;
    return this.#isSigned(parsed.data, revocationBytes) ? parsed.data : null;
  }

  /** The verdict, likewise. A verifier pins the keys of responders or of detectors, never both. */
  verifyVerdict(value: unknown): SignedVerdict | null {
    const parsed = signedVerdictSchema.safeParse(value);
    return parsed.success && this.#isSigned(parsed.data, verdictBytes) ? parsed.data : null;
  }

  #isSigned<T extends { key_id: string; signature: string }>(
    signed: T,
    bytesOf: (signed: T) => Uint8Array,
  ): boolean {
    const key = this.#keys.get(signed.key_id);
    const signature = Buffer.from(signed.signature, "base64url");
    if (key === undefined || signature.length !== SIGNATURE_BYTES) return false;
    return verify(null, bytesOf(signed), key, signature);
  }
}

function readKey(id: string, text: string): KeyObject {
  try {
    const key = text.includes("-----BEGIN") ? createPublicKey(text) : fromBytes(Buffer.from(text, "base64"));
    if (key.asymmetricKeyType !== "ed25519") throw new TypeError(`a ${key.asymmetricKeyType} key`);
    return key;
  } catch (cause) {
    throw new TriplineError("TRIPLINE_PINNED_KEY", `revocation key ${id} is not an Ed25519 public key`, {
      cause,
    });
  }
}

function fromBytes(bytes: Buffer): KeyObject {
  const spki = bytes.length === RAW_KEY_BYTES ? Buffer.concat([SPKI_PREFIX, bytes]) : bytes;
  return createPublicKey({ key: spki, format: "der", type: "spki" });
}
