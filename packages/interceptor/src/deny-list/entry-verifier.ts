import { createPublicKey, type KeyObject, verify } from "node:crypto";
import {
  REVOCATION_SCOPES,
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
    const read = this.read(value);
    return read !== null && this.isGenuine(read) ? read : null;
  }

  /** The entry, if it has the right form and names a pinned key. Whether that key signed it, `isGenuine` says. */
  read(value: unknown): SignedRevocation | null {
    const parsed = signedRevocationSchema.safeParse(value);
    return parsed.success && this.#keys.has(parsed.data.key_id) ? parsed.data : null;
  }

  /**
   * As `read`, but looks only at what an index is made of: a quarter of the time, for lists that are verified later. What
   * passes here and is no entry is found out then.
   */
  skim(value: unknown): SignedRevocation | null {
    return isSkimmed(value) && this.#keys.has(value.key_id) ? value : null;
  }

  /** A tenth of a millisecond. */
  isGenuine(entry: SignedRevocation): boolean {
    return this.#isSigned(entry, revocationBytes);
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

const SKIMMED = ["id", "tenant", "subject", "decided_at", "key_id", "signature"] as const;

function isSkimmed(value: unknown): value is SignedRevocation {
  if (typeof value !== "object" || value === null) return false;
  const fields: Record<string, unknown> = { ...value };
  if (SKIMMED.some((name) => typeof fields[name] !== "string")) return false;
  if (fields.state !== "active" && fields.state !== "reinstated") return false;
  if (fields.expires_at !== undefined && typeof fields.expires_at !== "string") return false;
  return REVOCATION_SCOPES.some((scope) => scope === fields.scope);
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
