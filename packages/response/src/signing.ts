import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import {
  type Revocation,
  revocationBytes,
  type SignedRevocation,
  type SignedVerdict,
  signedRevocationSchema,
  TriplineError,
  type Verdict,
  verdictBytes,
} from "@tripline/events";

/** The key that signs revocations, and what interceptors pin of it. */
export interface SigningKey {
  readonly id: string;
  /** The raw 32 bytes of the Ed25519 public key, base64url. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** A public key as `GET /v1/interceptor` hands it out. */
export interface PublicKey {
  id: string;
  /** raw Ed25519, base64url */
  public_key: string;
}

const RESPONDER_KEY = "responder.pem"; // PKCS#8
/** Of the detector, which signs verdicts: whoever has it can let held calls through, and take nobody's key away. */
export const DETECTOR_KEY = "detector.pem";

/**
 * The responder's key from `keysDir`, or another one there, made (file 0600, directory 0700) when there is none yet.
 * @throws TriplineError TRIPLINE_RESPONDER_KEY when the file is not an Ed25519 private key
 */
export function loadOrCreateSigningKey(keysDir: string, file = RESPONDER_KEY): SigningKey {
  mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  const path = join(keysDir, file);
  const existing = readIfPresent(path);
  if (existing !== undefined) return signingKeyFromPem(existing, path);
  createExclusively(path, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  return signingKeyFromPem(readFileSync(path, "utf8"), path); // what is there now, should two have started at once
}

/** Reads a PKCS#8 PEM; `source` names it in errors. */
export function signingKeyFromPem(pem: string, source: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    // The parser's own message is dropped: it may quote the file.
    throw keyError(source);
  }
  if (privateKey.asymmetricKeyType !== "ed25519") throw keyError(source);
  const publicKey = createPublicKey(privateKey).export({ format: "jwk" }).x;
  if (publicKey === undefined) throw keyError(source);
  return { id: publicKeyId(publicKey), publicKey, privateKey };
}

/** The id of a public key: `ed25519-` and the first 16 hex digits of the SHA-256 over its raw bytes. */
export function publicKeyId(publicKey: string): string {
  return `ed25519-${hash("sha256", Buffer.from(publicKey, "base64url"), "hex").slice(0, 16)}`;
}

/** Signs an entry over `revocationBytes`. @throws ZodError when the entry breaks its schema */
export function signRevocation(entry: Revocation, key: SigningKey): SignedRevocation {
  const signature = sign(null, revocationBytes(entry), key.privateKey).toString("base64url");
  return signedRevocationSchema.parse({ ...entry, key_id: key.id, signature });
}

/** Signs a verdict over `verdictBytes`. @throws ZodError when the verdict breaks its schema */
export function signVerdict(verdict: Verdict, key: SigningKey): SignedVerdict {
  const signature = sign(null, verdictBytes(verdict), key.privateKey).toString("base64url");
  return { ...verdict, key_id: key.id, signature };
}

/**
 * The entry inside a signed one. Accepts an entry's JSON as parsed from the topic.
 * @throws TriplineError TRIPLINE_REVOCATION_INVALID when it is no signed entry, TRIPLINE_REVOCATION_FORGED when no given key made the signature
 */
export function verifyRevocation(value: unknown, keys: readonly PublicKey[]): Revocation {
  const parsed = signedRevocationSchema.safeParse(value);
  if (!parsed.success) {
    throw new TriplineError("TRIPLINE_REVOCATION_INVALID", "this is not a signed revocation");
  }
  const { key_id, signature, ...entry } = parsed.data;
  const key = keys.find((candidate) => candidate.id === key_id);
  if (key === undefined) {
    throw new TriplineError("TRIPLINE_REVOCATION_FORGED", `the revocation names an unknown key, ${key_id}`);
  }
  const publicKey = createPublicKey({
    format: "jwk",
    key: { kty: "OKP", crv: "Ed25519", x: key.public_key },
  });
  if (!verify(null, revocationBytes(entry), publicKey, Buffer.from(signature, "base64url"))) {
    throw new TriplineError(
      "TRIPLINE_REVOCATION_FORGED",
      "the revocation's signature does not fit its content",
    );
  }
  return entry;
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new TriplineError("TRIPLINE_RESPONDER_KEY", `${path} can't be read: check who owns it`, {
      cause: error,
    });
  }
}

/** Writes the whole file or nothing, and leaves a file that is there already. */
function createExclusively(path: string, content: string | Buffer): void {
  const temporary = `${path}.${process.pid}.new`;
  const file = openSync(temporary, "w", 0o600);
  try {
    writeSync(file, content.toString());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(temporary);
  }
}

function keyError(source: string): TriplineError {
  return new TriplineError(
    "TRIPLINE_RESPONDER_KEY",
    `${source} is not an Ed25519 private key in PKCS#8 PEM: restore it from a backup; interceptors trust only the key they were given`,
  );
}
