import { hash, X509Certificate } from "node:crypto";
import type { SignedData, SignerInfo } from "@peculiar/asn1-cms";
import { AsnConvert } from "@peculiar/asn1-schema";
import { type AsnType, fromBER, ObjectIdentifier, OctetString, Sequence } from "asn1js";
import { readDer, timestampInvalid } from "./response.ts";

/** RFC 2634 and RFC 5816: the signer says, under its signature, which certificate is its own. */
const SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"; // SHA-1
const SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"; // SHA-256 unless it says otherwise

const HASHES = new Map([
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);

export function hashNameOf(oid: string): string {
  const name = HASHES.get(oid);
  if (name === undefined) throw timestampInvalid(`hash ${oid} is not SHA-256, SHA-384 or SHA-512`);
  return name;
}

/** All certificates in the token, the signer's first. @throws LedgerError TRIPLINE_LEDGER_TIMESTAMP_INVALID */
export function certificatesOf(
  { certificates = [] }: Pick<SignedData, "certificates">,
  signer: SignerInfo,
): { signing: X509Certificate; others: X509Certificate[] } {
  const all = [...certificates].flatMap(({ certificate }) =>
    certificate === undefined
      ? []
      : [readDer("a certificate", () => new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))))],
  );
  const named = namedCertificate(signer);
  const signing = all.find((certificate) => named.matches(certificate));
  if (signing === undefined) throw timestampInvalid("the certificate that its signer names is not in it");
  return { signing, others: all.filter((certificate) => certificate !== signing) };
}

/** From the signed attributes; the unsigned `sid` is not needed, since this is the stronger reference. */
function namedCertificate(signer: SignerInfo): { matches(certificate: X509Certificate): boolean } {
  for (const [type, fallback] of [
    [SIGNING_CERTIFICATE_V2, "sha256"],
    [SIGNING_CERTIFICATE, "sha1"],
  ] as const) {
    const value = attributeValue(signer, type);
    if (value === null) continue;
    const [algorithm, certificateHash] = readDer("its signing certificate attribute", () =>
      firstCertId(value),
    );
    const name = algorithm === null ? fallback : hashNameOf(algorithm);
    const expected = Buffer.from(certificateHash);
    return { matches: ({ raw }) => expected.equals(hash(name, raw, "buffer")) };
  }
  throw timestampInvalid("it does not say which certificate signed it (RFC 5816)");
}

/** The only value of a signed attribute; null where there is none. @throws where it is there twice or has several */
export function attributeValue(signer: SignerInfo, type: string): ArrayBuffer | null {
  const found = (signer.signedAttrs ?? []).filter(({ attrType }) => attrType === type);
  const [attribute] = found;
  if (attribute === undefined) return null;
  const [value, ...more] = attribute.attrValues;
  if (found.length > 1 || value === undefined || more.length > 0) {
    throw timestampInvalid("a signed attribute has more than one value");
  }
  return value;
}

/** SigningCertificate(V2) ::= SEQUENCE { certs SEQUENCE OF SEQUENCE { hashAlgorithm OPTIONAL, certHash, … }, … } */
function firstCertId(der: ArrayBuffer): [string | null, ArrayBuffer] {
  const certs = elements(fromBER(der).result)[0];
  const fields = elements(elements(certs)[0]);
  const [first, second] = fields;
  if (first instanceof OctetString) return [null, first.getValue()];
  const algorithm = elements(first)[0];
  if (algorithm instanceof ObjectIdentifier && second instanceof OctetString) {
    return [algorithm.getValue(), second.getValue()];
  }
  throw new TypeError("not an ESSCertID");
}

function elements(value: AsnType | undefined): readonly AsnType[] {
  if (value instanceof Sequence) return value.valueBlock.value;
  throw new TypeError("not a SEQUENCE");
}
