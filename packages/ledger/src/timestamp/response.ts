import { id_signedData, SignedData } from "@peculiar/asn1-cms";
import { AsnConvert } from "@peculiar/asn1-schema";
import { id_ct_tstInfo, PKIStatus, TimeStampResp, TSTInfo } from "@peculiar/asn1-tsp";
import { LedgerError } from "../errors.ts";

const MAX_RESPONSE_BYTES = 256 * 1024; // a token with a chain of certificates has 3 to 10 kB

/** What a time-stamping authority answered, taken apart and not verified. */
export interface ParsedTimestamp {
  signedData: SignedData;
  /** `signedData` as it was sent. */
  encoded: ArrayBuffer;
  /** The signed TSTInfo, byte for byte. */
  content: Uint8Array;
  info: TSTInfo;
}

/**
 * A TimeStampResp (RFC 3161, section 2.4.2; a `.tsr` file of `openssl ts`).
 * @throws LedgerError TRIPLINE_LEDGER_TIMESTAMP_INVALID, also where the authority refused
 */
export function parseTimestampResponse(response: Uint8Array): ParsedTimestamp {
  if (response.length > MAX_RESPONSE_BYTES)
    throw timestampInvalid(`it is longer than ${MAX_RESPONSE_BYTES} bytes`);
  const { status, timeStampToken } = readDer("the response", () => AsnConvert.parse(response, TimeStampResp));
  if (status.status !== PKIStatus.granted && status.status !== PKIStatus.grantedWithMods) {
    throw timestampInvalid(`the authority refused with status ${status.status}`);
  }
  if (timeStampToken === undefined || timeStampToken.contentType !== id_signedData) {
    throw timestampInvalid("the response holds no signed token");
  }
  const signedData = readDer("the token", () => AsnConvert.parse(timeStampToken.content, SignedData));
  const { eContentType, eContent } = signedData.encapContentInfo;
  const octets = eContent?.single;
  if (eContentType !== id_ct_tstInfo || octets === undefined)
    throw timestampInvalid("the token holds no TSTInfo");
  const content = Uint8Array.from(new Uint8Array(octets.buffer));
  return {
    signedData,
    encoded: timeStampToken.content,
    content,
    info: readDer("its TSTInfo", () => AsnConvert.parse(content, TSTInfo)),
  };
}

/** What the ASN.1 reader throws for odd bytes is of many types; all of them mean this. */
export function readDer<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw timestampInvalid(`${what} can't be read`, cause);
  }
}

export function timestampInvalid(why: string, cause?: unknown): LedgerError {
  return new LedgerError("TRIPLINE_LEDGER_TIMESTAMP_INVALID", `this is not a valid timestamp: ${why}`, cause);
}
