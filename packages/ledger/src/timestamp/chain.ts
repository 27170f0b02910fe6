import type { X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate, ExtendedKeyUsage, id_ce_extKeyUsage, id_kp_timeStamping } from "@peculiar/asn1-x509";
import { readDer, timestampInvalid } from "./response.ts";

const MAX_CHAIN = 5; // authorities have one or two certificates between their own and the root

/** Extensions whose meaning is looked at here or by OpenSSL; any other critical one refuses the certificate (RFC 5280, 4.2). */
const UNDERSTOOD = new Set(["2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.29.14", "2.5.29.35", "2.5.29.32"]);

/**
 * That a certificate of the authority may sign timestamps (RFC 3161, section 2.3), and leads to one that is trusted; all of them
 * valid at that time. Revocation is not looked at: it would need a network, and the list of that time.
 * @throws LedgerError TRIPLINE_LEDGER_TIMESTAMP_INVALID
 */
export function checkChain(
  signing: X509Certificate,
  others: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  time: Date,
): void {
  checkPurpose(signing);
  let certificate = signing;
  for (let length = 0; length < MAX_CHAIN; length++) {
    checkCertificate(certificate, time);
    const { fingerprint256 } = certificate;
    if (trusted.some((root) => root.fingerprint256 === fingerprint256)) return;
    const root = trusted.find((candidate) => issued(candidate, certificate));
    if (root !== undefined) {
      checkCertificate(root, time);
      return;
    }
    const between = others.find((candidate) => candidate !== certificate && issued(candidate, certificate));
    if (between === undefined) break;
    certificate = between;
  }
  throw timestampInvalid("its certificate does not lead to the one that is trusted");
}

function checkPurpose(certificate: X509Certificate): void {
  const { extensions } = parse(certificate).tbsCertificate;
  const usage = extensions?.find(({ extnID }) => extnID === id_ce_extKeyUsage);
  const purposes =
    usage && readDer("a key usage", () => [...AsnConvert.parse(usage.extnValue, ExtendedKeyUsage)]);
  if (!usage?.critical || purposes?.length !== 1 || purposes[0] !== id_kp_timeStamping) {
    throw timestampInvalid("its certificate is not one for timestamps and nothing else");
  }
}

function checkCertificate(certificate: X509Certificate, time: Date): void {
  if (!(time >= certificate.validFromDate && time <= certificate.validToDate)) {
    throw timestampInvalid("a certificate was not valid at its time");
  }
  const unknown = parse(certificate).tbsCertificate.extensions?.find(
    ({ critical, extnID }) => critical && !UNDERSTOOD.has(extnID),
  );
  if (unknown !== undefined) throw timestampInvalid(`critical extension ${unknown.extnID} is not known here`);
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  if (!issuer.ca || !certificate.checkIssued(issuer)) return false;
  return readDer("a certificate's signature", () => certificate.verify(issuer.publicKey));
}

function parse(certificate: X509Certificate): Certificate {
  return readDer("a certificate", () => AsnConvert.parse(certificate.raw, Certificate));
}
