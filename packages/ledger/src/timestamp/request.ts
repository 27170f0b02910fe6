import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { MessageImprint, TimeStampReq, TimeStampReqVersion } from "@peculiar/asn1-tsp";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { sha256 } from "#crypto";
import { LedgerError } from "../errors.ts";

/** RFC 3161, section 2.4.1. SHA-256 only: what is stamped here is ours, so there is one hash to choose. */

export const SHA256_OID = "2.16.840.1.101.3.4.2.1";
const MIN_NONCE_BYTES = 8; // RFC 3161 asks for 64 bits, so that no answer to an earlier request fits

/**
 * A request for a timestamp over these bytes, with the authority's certificate in the answer. `nonce`: 8 random bytes or more;
 * to be given to `verifyTimestamp` when the answer is here, and not needed later.
 * @throws LedgerError TRIPLINE_LEDGER_INVALID for a short nonce
 */
export function encodeTimestampRequest(message: Uint8Array, nonce: Uint8Array): Uint8Array {
  if (nonce.length < MIN_NONCE_BYTES) {
    throw new LedgerError("TRIPLINE_LEDGER_INVALID", `a nonce has at least ${MIN_NONCE_BYTES} random bytes`);
  }
  const request = new TimeStampReq({
    version: TimeStampReqVersion.v1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithm: SHA256_OID, parameters: null }),
      hashedMessage: new OctetString(sha256(message)),
    }),
    nonce: positiveInteger(nonce),
    certReq: true,
  });
  return new Uint8Array(AsnConvert.serialize(request));
}

/** A DER INTEGER's content for these bytes as an unsigned number. */
export function positiveInteger(bytes: Uint8Array): ArrayBuffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? [0] : [...bytes.subarray(first)];
  const [top = 0] = digits;
  return Uint8Array.from(top > 0x7f ? [0, ...digits] : digits).buffer;
}
