/**
 * Signs notes with one key. The port behind which private keys stay: a file, the environment, or a KMS.
 * Implementations that hold a key in this process are in `../signer`.
 */
export interface Signer {
  name: string;
  /** 4 bytes */
  keyId: Uint8Array;
  /** The public key as `parseVerifierKey` takes it: to print, and to give to whoever is to trust this key. */
  verifierKey: string;
  /** `message` is the note's text as bytes. The answer is what the signature line holds behind the key id. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}
