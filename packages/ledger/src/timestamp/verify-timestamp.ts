import { hash, type KeyObject, verify, X509Certificate } from "node:crypto";
import { id_contentType, id_messageDigest, type SignerInfo } from "@peculiar/asn1-cms";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { id_ct_tstInfo } from "@peculiar/asn1-tsp";
import { fromBER, ObjectIdentifier } from "asn1js";
import { sha256 } from "#crypto";
import { LedgerError } from "../errors.ts";
import { checkChain } from "./chain.ts";
import { positiveInteger, SHA256_OID } from "./request.ts";
import { parseTimestampResponse, readDer, timestampInvalid } from "./response.ts";
import { signedAttributesOf } from "./signed-attributes.ts";
import { attributeValue, certificatesOf, hashNameOf } from "./signing-certificate.ts";

const RSASSA_PSS = "1.2.840.113549.1.1.10";

export interface VerifiedTimestamp {
  /** The bytes existed at this time, by the authority's clock. */
  time: Date;
  /** How far that clock may be off; null where the authority does not say. */
  accuracyMs: number | null;
  /** The authority's own number for it, hexadecimal. */
  serial: string;
  /** Under which of its policies, an OID. */
  policy: string;
  /** The subject of the certificate that signed. */
  authority: string;
}

/**
 * That a time-stamping authority signed that these bytes existed at a time (RFC 3161; the whole TimeStampResp).
 * `trusted`: PEM with the authority's CA certificate, or several. `nonce`: the request's, while the request is at hand.
 * @throws LedgerError TRIPLINE_LEDGER_TIMESTAMP_INVALID; TRIPLINE_LEDGER_KEY_INVALID where `trusted` holds no certificate
 */
export function verifyTimestamp(
  response: Uint8Array,
  expected: { message: Uint8Array; trusted: string; nonce?: Uint8Array },
): VerifiedTimestamp {
  const trusted = certificatesFromPem(expected.trusted);
  const { signedData, encoded, content, info } = parseTimestampResponse(response);
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  if (hashAlgorithm.algorithm !== SHA256_OID || !same(hashedMessage.buffer, sha256(expected.message))) {
    throw timestampInvalid("it is over other bytes");
  }
  if (expected.nonce !== undefined && !same(info.nonce, new Uint8Array(positiveInteger(expected.nonce)))) {
    throw timestampInvalid("it answers another request");
  }
  const [signer, ...more] = [...signedData.signerInfos];
  if (signer === undefined || more.length > 0) throw timestampInvalid("it has not exactly one signer");
  const { signing, others } = certificatesOf(signedData, signer);
  checkSignature(signer, content, signedAttributesOf(encoded), signing.publicKey);
  checkChain(signing, others, trusted, info.genTime);
  return {
    time: info.genTime,
    accuracyMs: accuracyOf(info.accuracy),
    serial: Buffer.from(info.serialNumber).toString("hex"),
    policy: info.policy,
    authority: signing.subject,
  };
}

/** RFC 5652, section 5.4: the signature is over the attributes, and the attributes hold the content's type and hash. */
function checkSignature(
  signer: SignerInfo,
  content: Uint8Array,
  signed: Uint8Array,
  publicKey: KeyObject,
): void {
  const digest = hashNameOf(signer.digestAlgorithm.algorithm);
  const type = attributeValue(signer, id_contentType);
  const oid = type === null ? null : readDer("its content type", () => fromBER(type).result);
  if (!(oid instanceof ObjectIdentifier) || oid.getValue() !== id_ct_tstInfo) {
    throw timestampInvalid("its signature is not over a TSTInfo");
  }
  const digested = attributeValue(signer, id_messageDigest);
  const value = digested && readDer("its digest", () => AsnConvert.parse(digested, OctetString));
  if (!same(value?.buffer, hash(digest, content, "buffer")))
    throw timestampInvalid("its content was changed");

  const { asymmetricKeyType } = publicKey;
  if (
    signer.signatureAlgorithm.algorithm === RSASSA_PSS ||
    !["rsa", "ec"].includes(asymmetricKeyType ?? "")
  ) {
    throw timestampInvalid("only RSA (PKCS #1 v1.5) and ECDSA signatures are known here");
  }
  const signature = new Uint8Array(signer.signature.buffer);
  const fits = readDer("its signature", () => verify(digest, signed, publicKey, signature));
  if (!fits) throw timestampInvalid("its signature does not fit");
}

function certificatesFromPem(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new LedgerError("TRIPLINE_LEDGER_KEY_INVALID", "a trusted certificate can't be read", cause);
  }
  throw new LedgerError("TRIPLINE_LEDGER_KEY_INVALID", "no PEM certificate to trust was given");
}

function accuracyOf(
  accuracy: { seconds?: number; millis?: number; micros?: number } | undefined,
): number | null {
  if (accuracy === undefined) return null;
  const { seconds = 0, millis = 0, micros = 0 } = accuracy;
  return seconds * 1000 + millis + micros / 1000;
}

function same(found: ArrayBuffer | undefined, expected: Uint8Array): boolean {
  return found !== undefined && Buffer.from(found).equals(expected);
}
