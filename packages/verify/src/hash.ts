import { sha256 } from "@tripline/ledger/verify";
import { hexOf } from "./bytes.ts";

/** SHA-256 as 64 hex digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return hexOf(sha256(bytes));
}

export { sha256 };
