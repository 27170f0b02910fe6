/**
 * Signers whose private key is in this process: from a file (0600) or the environment, for logs (Ed25519) and witnesses
 * (cosignature/v1). Node only. A KMS is another implementation of `Signer` in `../note`.
 */
export * from "./key-signer.ts";
export * from "./key-source.ts";
export * from "./signing-key.ts";
