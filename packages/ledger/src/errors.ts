/** Every code that the ledger can raise, and whether waiting and trying again can help. */
const KINDS = {
  TRIPLINE_LEDGER_CONFLICT: "permanent",
  TRIPLINE_LEDGER_DAMAGED: "permanent",
  TRIPLINE_LEDGER_FORKED: "permanent",
  TRIPLINE_LEDGER_GAP: "permanent",
  TRIPLINE_LEDGER_INVALID: "permanent",
  TRIPLINE_LEDGER_KEY_INVALID: "permanent",
  TRIPLINE_LEDGER_LOCKED: "retriable",
  TRIPLINE_LEDGER_MISSING: "permanent",
  TRIPLINE_LEDGER_NOTE_MALFORMED: "permanent",
  TRIPLINE_LEDGER_POLICY_INVALID: "permanent",
  TRIPLINE_LEDGER_PROOF_INVALID: "permanent",
  TRIPLINE_LEDGER_PROOF_MALFORMED: "permanent",
  TRIPLINE_LEDGER_QUORUM_MISSING: "permanent",
  TRIPLINE_LEDGER_REFUSED: "permanent",
  TRIPLINE_LEDGER_SIGNATURE_INVALID: "permanent",
  TRIPLINE_LEDGER_SUPERSEDED: "permanent",
  TRIPLINE_LEDGER_TIMESTAMP_INVALID: "permanent",
  TRIPLINE_LEDGER_UNAVAILABLE: "retriable",
  TRIPLINE_LEDGER_UNSIGNED: "permanent",
} as const satisfies Record<`TRIPLINE_LEDGER_${string}`, "retriable" | "permanent">;

export type LedgerErrorCode = keyof typeof KINDS;

/** An error with a stable code to branch on. The message says what was wrong, where, and what to do; it holds no key and no captured text. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;
  readonly kind: "retriable" | "permanent";

  constructor(code: LedgerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "LedgerError";
    this.code = code;
    this.kind = KINDS[code];
  }
}

export function hasCode(error: unknown, code: LedgerErrorCode): boolean {
  return error instanceof LedgerError && error.code === code;
}
