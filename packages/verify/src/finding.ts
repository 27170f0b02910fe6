import { LEDGER_FAULTS } from "@tripline/ledger/verify";

/** Of a record: what is not as it was sealed. These make a verification fail. */
export const RECORD_FAULTS = [
  "MODIFIED",
  "MISSING",
  "INSERTED",
  "REORDERED",
  "PAYLOAD_MISSING",
  "UNSEALED",
] as const;
/** Said, and no failure by themselves. */
export const NOTES = ["ERASED", "EXPIRED", "UNANCHORED"] as const;
export const FINDING_KINDS = [
  ...RECORD_FAULTS,
  ...NOTES,
  ...LEDGER_FAULTS,
  "STALE",
  "BUNDLE_DAMAGED",
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding {
  kind: FindingKind;
  /** Path of the log, as in the catalog; null for what is about none. */
  log: string | null;
  /** Leaf index, which is the position in the partition; null for what is about none. */
  index: number | null;
  /** Behind the last position, where the finding is about several. */
  to?: number;
  /** Of the event; null where only its position is known. */
  id: string | null;
  /** When it happened, by its envelope, else by its id; null where neither says. */
  time: string | null;
  tenant?: string;
  what: string;
  /** Files in question, below the log's path. */
  files?: readonly string[];
}

const FAILURES: ReadonlySet<FindingKind> = new Set(
  FINDING_KINDS.filter((kind) => !NOTES.some((note) => note === kind)),
);

export function isFailure({ kind }: Pick<Finding, "kind">): boolean {
  return FAILURES.has(kind);
}
