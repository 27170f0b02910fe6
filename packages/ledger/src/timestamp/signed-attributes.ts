import { Set as AsnSet, type AsnType, Constructed, fromBER, Sequence } from "asn1js";
import { readDer, timestampInvalid } from "./response.ts";

const SET = 0x31;
const CONTEXT_SPECIFIC = 3;
const SIGNED_ATTRS_AT = 3; // SignerInfo: version, sid, digestAlgorithm, signedAttrs (RFC 5652, section 5.3)

/**
 * The bytes that the only signer signed: its attributes as they were sent, as a SET OF in place of the implicit tag
 * (RFC 5652, section 5.4). Taken from the token itself: written anew they could come out otherwise.
 * @throws LedgerError TRIPLINE_LEDGER_TIMESTAMP_INVALID
 */
export function signedAttributesOf(signedData: ArrayBuffer): Uint8Array {
  const parts = childrenOf(readDer("the token", () => fromBER(signedData).result));
  const signer = childrenOf(parts.at(-1))[0];
  const attributes = childrenOf(signer)[SIGNED_ATTRS_AT];
  if (!(attributes instanceof Constructed) || attributes.idBlock.tagClass !== CONTEXT_SPECIFIC) {
    throw timestampInvalid("it has no signed attributes");
  }
  const bytes = attributes.valueBeforeDecodeView.slice();
  bytes[0] = SET;
  return bytes;
}

function childrenOf(value: AsnType | undefined): readonly AsnType[] {
  if (value instanceof Sequence || value instanceof AsnSet) return value.valueBlock.value;
  throw timestampInvalid("the token can't be read");
}
