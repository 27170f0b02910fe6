import type { Announcement } from "./positions.ts";

/** What a run of the doctor says, line by line. No line holds captured text. */

export type FindingKind = "missing" | "doubled" | "altered" | "extra" | "lost";

export interface Finding {
  kind: FindingKind;
  topic: string;
  partition: number;
  /** The position; `null` where the finding is about an id and not about one position. */
  offset: number | null;
  /** The last position, where the finding is about several in a row. */
  to?: number;
  what: string;
  tenant?: string;
  id?: string;
  producer?: string;
  seq?: number;
  time?: string;
  /** `generation/partition/offset` of the rows of a doubled id. */
  rows?: string[];
}

/** What the positions of a partition turned out to be. */
export interface Counts {
  /** Positions that were looked at. */
  positions: number;
  rows: number;
  /** A producer's resends: their record has its row at another position. */
  resent: number;
  dead_letters: number;
  /** Of incidents: a later version has the row. */
  superseded: number;
  /** Copied from the log's earlier generation: their record has its row from there. */
  copied: number;
  /** Dead letters replayed for another step. */
  replayed_for_another: number;
  /** Of a compacted topic: deleted keys. */
  tombstones: number;
  /** Records whose payload is gone, and an archived erasure or retention covers it. */
  erased: number;
}

export const NO_COUNTS: Counts = {
  positions: 0,
  rows: 0,
  resent: 0,
  dead_letters: 0,
  superseded: 0,
  copied: 0,
  replayed_for_another: 0,
  tombstones: 0,
  erased: 0,
};

export interface PartitionReport extends Counts {
  topic: string;
  partition: number;
  /** What the log holds: from `earliest` up to, and without, `next`. */
  earliest: number;
  next: number;
  /** The archiver's position: everything before it is stored. Null when it never committed. */
  committed: number | null;
  /** The range it has announced and may be writing. */
  announced: Announcement | null;
  /** Behind the archiver's position: lag, and no finding. */
  not_yet_stored: number;
  /** Positions that retention took while they were being looked at. */
  gone_meanwhile: number;
  findings: number;
}

export interface Summary {
  type: "summary";
  state: "whole" | "findings" | "not_checked";
  generation: string;
  findings: Record<FindingKind, number>;
  /** Findings beyond the limit of one run: counted, not listed. */
  not_listed: number;
  positions: number;
  not_yet_stored: number;
  /** Rows of earlier generations of the log, which it no longer holds: only looked through for doubled ids. */
  other_generations: { generation: string; rows: number }[];
  seconds: number;
}

export type DoctorLine =
  | { type: "progress"; topic: string; partition: number | null; done: number; of: number }
  | ({ type: "finding" } & Finding)
  | ({ type: "partition" } & PartitionReport)
  | { type: "error"; code: string; message: string }
  | Summary;
