import { verify } from "#crypto";
import { LedgerError } from "../errors.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { cosignatureMessage, parseTimestampedSignature } from "./cosignature.ts";
import {
  isKeyName,
  keyIdOf,
  keyReference,
  PUBLIC_KEY_BYTES,
  SIGNATURE_TYPE,
  type SignatureType,
} from "./key-id.ts";

/** Checks one key's signatures. `verify` never throws: what is no signature of this key is false. */
export interface Verifier {
  name: string;
  /** 4 bytes */
  keyId: Uint8Array;
  /** `message` is the note's text as bytes, with its last newline. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** A verifier made from a public key, which says what it was made from. */
export interface KeyVerifier extends Verifier {
  type: SignatureType;
  /** 32 bytes (RFC 8032) */
  publicKey: Uint8Array;
  /** As `parseVerifierKey` takes it: to print, and to give to whoever is to trust this key. */
  verifierKey: string;
}

/**
 * A key as `NAME+ID+BASE64` (C2SP signed-note, "Verifier keys"; golang.org/x/mod/sumdb/note): Ed25519 (0x01) for logs, cosignature/v1
 * (0x04) for witnesses.
 * @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID also where the id is not this key's
 */
export function parseVerifierKey(text: string): KeyVerifier {
  // The name has no plus, base64 may.
  const [, name = "", id = "", encoded = ""] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(text) ?? [];
  const bytes = decodeBase64(encoded);
  if (!isKeyName(name) || bytes === null || bytes.length === 0) {
    throw invalid("it is not NAME+ID+BASE64 as `tripline` and other tools print it");
  }
  const [type = 0] = bytes;
  if (!isSupported(type)) {
    throw invalid(`its signature type is ${type}: only Ed25519 (1) and cosignature/v1 (4) are known here`);
  }
  if (bytes.length !== 1 + PUBLIC_KEY_BYTES) throw invalid("an Ed25519 public key has 32 bytes");
  const key = createVerifier({ name, type, publicKey: bytes.slice(1) });
  if (keyReference(key) !== `${name}+${id}`) {
    throw invalid("the id in it is another key's: copy it again from where it was printed");
  }
  return key;
}

/** @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID */
export function createVerifier(key: {
  name: string;
  type: SignatureType;
  publicKey: Uint8Array;
}): KeyVerifier {
  const { name, type } = key;
  if (!isKeyName(name)) throw invalid("its name is empty or has white space or a plus");
  if (key.publicKey.length !== PUBLIC_KEY_BYTES) throw invalid("an Ed25519 public key has 32 bytes");
  const publicKey = key.publicKey.slice();
  const keyId = keyIdOf(name, type, publicKey);
  const encoded = encodeBase64(Uint8Array.of(type, ...publicKey));
  return {
    name,
    type,
    keyId,
    publicKey,
    verifierKey: `${keyReference({ name, keyId })}+${encoded}`,
    verify: (message, signature) => VERIFY[type](publicKey, message, signature),
  };
}

const VERIFY = {
  [SIGNATURE_TYPE.ed25519]: verifyEd25519,
  [SIGNATURE_TYPE.cosignatureV1]: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => {
    const timestamped = parseTimestampedSignature(signature);
    if (timestamped === null) return false;
    const signed = cosignatureMessage(message, timestamped.timestamp);
    return verifyEd25519(publicKey, signed, timestamped.signature);
  },
};

const SIGNATURE_BYTES = 64;

function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && verify(publicKey, message, signature);
}

function isSupported(type: number): type is SignatureType {
  return type === SIGNATURE_TYPE.ed25519 || type === SIGNATURE_TYPE.cosignatureV1;
}

function invalid(why: string): LedgerError {
  return new LedgerError("TRIPLINE_LEDGER_KEY_INVALID", `this is not a verifier key: ${why}`);
}
