import { sign } from "node:crypto";
import { LedgerError } from "../errors.ts";
import { cosignatureMessage, encodeTimestampedSignature } from "../note/cosignature.ts";
import { SIGNATURE_TYPE } from "../note/key-id.ts";
import type { Signer } from "../note/signer.ts";
import type { SigningKey } from "./signing-key.ts";

const MS_PER_SECOND = 1000;

/** A log's signer (Ed25519, 0x01). @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID for a key of another type */
export function createSigner(signingKey: SigningKey): Signer {
  const { name, keyId, verifierKey } = keyOf(signingKey, SIGNATURE_TYPE.ed25519, "a log's");
  return { name, keyId, verifierKey, sign: (message) => signBytes(message, signingKey) };
}

/**
 * A witness's signer (cosignature/v1, 0x04): each signature carries the time at which it was made. `now`: milliseconds, as
 * `Date.now`. @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID for a key of another type
 */
export function createCosigner(signingKey: SigningKey, now: () => number): Signer {
  const { name, keyId, verifierKey } = keyOf(signingKey, SIGNATURE_TYPE.cosignatureV1, "a witness's");
  return {
    name,
    keyId,
    verifierKey,
    sign: (message) => {
      const timestamp = Math.floor(now() / MS_PER_SECOND);
      return encodeTimestampedSignature(
        timestamp,
        signBytes(cosignatureMessage(message, timestamp), signingKey),
      );
    },
  };
}

function keyOf({ verifier }: SigningKey, type: number, whose: string) {
  if (verifier.type === type) return verifier;
  throw new LedgerError(
    "TRIPLINE_LEDGER_KEY_INVALID",
    `${whose} key has signature type ${type}, and ${verifier.name} has ${verifier.type}: one key is never both`,
  );
}

function signBytes(message: Uint8Array, { key }: SigningKey): Uint8Array {
  return Uint8Array.from(sign(null, message, key));
}
