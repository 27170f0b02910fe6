import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { LedgerError } from "../errors.ts";
import { decodeBase64, encodeBase64 } from "../note/base64.ts";
import { keyReference, SIGNATURE_TYPE, type SignatureType } from "../note/key-id.ts";
import { createVerifier, type KeyVerifier } from "../note/verifier.ts";

/**
 * A private key as text, `PRIVATE+KEY+NAME+ID+BASE64` (golang.org/x/mod/sumdb/note, "Generating Keys"): what a key file or
 * an environment variable holds. Never put into an error, a log line or a store.
 */

const SEED_BYTES = 32; // RFC 8032, section 5.1.5
const PKCS8_ED25519 = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]); // RFC 8410, before the 32 bytes of the seed

/** The secret stays in the KeyObject: nothing that prints this value shows it. */
export interface SigningKey {
  key: KeyObject;
  verifier: KeyVerifier;
}

/** @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID whose words hold nothing of the text */
export function parseSigningKey(text: string): SigningKey {
  const match = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)$/su.exec(text.trim());
  const [, name = "", id = "", encoded = ""] = match ?? [];
  const bytes = decodeBase64(encoded);
  const type = bytes?.[0];
  if (bytes === null || bytes.length !== 1 + SEED_BYTES)
    throw invalid("it is not PRIVATE+KEY+NAME+ID+BASE64");
  if (type !== SIGNATURE_TYPE.ed25519 && type !== SIGNATURE_TYPE.cosignatureV1) {
    throw invalid("only Ed25519 (1) and cosignature/v1 (4) are known here");
  }
  const signingKey = fromSeed(name, type, bytes.subarray(1));
  bytes.fill(0);
  if (keyReference(signingKey.verifier) !== `${name}+${id}`) throw invalid("the id in it is another key's");
  return signingKey;
}

/** A new key. `secret` is for `parseSigningKey` and nobody else. @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID for the name */
export function generateSigningKey(
  name: string,
  type: SignatureType = SIGNATURE_TYPE.ed25519,
): SigningKey & { secret: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const seed = privateKey.export({ format: "der", type: "pkcs8" }).subarray(-SEED_BYTES);
  const signingKey = fromSeed(name, type, seed);
  const secret = `PRIVATE+KEY+${keyReference(signingKey.verifier)}+${encodeBase64(Uint8Array.of(type, ...seed))}`;
  seed.fill(0);
  return { ...signingKey, secret };
}

/** The same key under another name: an installation's logs share one, and each signs by its own name. */
export function renamedKey({ key, verifier }: SigningKey, name: string): SigningKey {
  return { key, verifier: createVerifier({ ...verifier, name }) };
}

function fromSeed(name: string, type: SignatureType, seed: Uint8Array): SigningKey {
  const der = Buffer.concat([PKCS8_ED25519, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return { key, verifier: createVerifier({ name, type, publicKey: Uint8Array.from(spki.subarray(-32)) }) };
}

function invalid(why: string): LedgerError {
  return new LedgerError("TRIPLINE_LEDGER_KEY_INVALID", `this is not a signing key: ${why}`);
}
