import { encodeBase64, type RootHead } from "@tripline/ledger/verify";
import { type Finding, type FindingKind, isFailure } from "./finding.ts";
import type { Selection } from "./selection.ts";

/** A root checkpoint, as a report names it. */
export interface HeadReport {
  origin: string;
  size: number;
  /** Base64. */
  root: string;
  /** When the newest leaf under it was written, by the writer's clock; null for a log without leaves. */
  time: string | null;
  cosignatures: { witness: string; time: string }[];
}

export interface LogReport {
  path: string;
  /** Leaf indexes that were looked at: from `from` up to, and without, `to`. */
  from: number;
  to: number;
}

/** How many of what was found. `leaves` is the sum of all below it but `selected`. */
export interface Counts {
  leaves: number;
  /** Records whose envelope and payload are as they were sealed. */
  valid: number;
  /** Records whose envelope is, and whose payload was erased under a sealed record. */
  erased: number;
  /** Records whose envelope is over its age and was removed under a sealed record. */
  expired: number;
  /** Sent again, or copied from an earlier log: their record has its row elsewhere. */
  repeated: number;
  /** Positions that held no record: dead letters. */
  unreadable: number;
  /** Positions that were lost before they could be sealed. */
  lost: number;
  /** Positions with a finding that makes the verification fail. */
  failed: number;
  /** Positions whose tiles are missing or damaged. */
  unverifiable: number;
  /** Of the valid and erased: what was asked about. */
  selected: number;
  /** Of the valid and erased: newer than the last checkpoint that the policy takes. */
  unanchored: number;
  /** Rows that are newer than the ledger: not sealed yet. */
  not_sealed_yet: number;
}

export interface Summary {
  state: "verified" | "failed" | "nothing";
  asked: Selection;
  found: {
    /** Times of the root log's leaves that bracket what was looked at; null where there are none. */
    from: string | null;
    to: string | null;
    logs: LogReport[];
  };
  policy: { quorum: string; keys: "policy" | "ledger" };
  signed: HeadReport | null;
  anchored: HeadReport | null;
  counts: Counts;
  findings: Partial<Record<FindingKind, number>>;
}

export const NO_COUNTS: Counts = {
  leaves: 0,
  valid: 0,
  erased: 0,
  expired: 0,
  repeated: 0,
  unreadable: 0,
  lost: 0,
  failed: 0,
  unverifiable: 0,
  selected: 0,
  unanchored: 0,
  not_sealed_yet: 0,
};

export function reportOf(head: RootHead, time: string | null): HeadReport {
  return {
    origin: head.origin,
    size: head.size,
    root: encodeBase64(head.root),
    time,
    cosignatures: head.cosignatures.map(({ witness, timestamp }) => ({
      witness: witness.name,
      time: timeOf(timestamp),
    })),
  };
}

const MAX_SECONDS = 8_640_000_000_000; // of what a Date can hold

function timeOf(seconds: number): string {
  return new Date(Math.min(Math.max(seconds, 0), MAX_SECONDS) * 1000).toISOString();
}

export class Tally {
  readonly findings: Partial<Record<FindingKind, number>> = {};
  #failed = false;

  add(finding: Finding): void {
    const { kind, index, to } = finding;
    const positions = to === undefined || index === null ? 1 : to - index;
    this.findings[kind] = (this.findings[kind] ?? 0) + positions;
    if (isFailure(finding)) this.#failed = true;
  }

  get failed(): boolean {
    return this.#failed;
  }
}
