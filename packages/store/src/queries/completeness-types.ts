import type { Alert, Envelope, Heartbeat } from "@tripline/events";

/** What the examination of sequence numbers and heartbeats is about, and what it finds. Times are the log's clock. */

/** One start of a producer, as one tenant's numbers count it. */
export interface ProducerBoot {
  tenant: string;
  producer: string;
  boot: string;
}

/** Numbers from `first_seq` to `last_seq`, both included. */
export interface SeqRange {
  first_seq: number;
  last_seq: number;
}

export interface StoredHeartbeat extends ProducerBoot {
  id: string;
  seq: number;
  time: string;
  append_time: string;
  source_offset: number;
  heartbeat: Heartbeat;
}

/** What a stretch of the log, or of time, holds of one boot. */
export interface BootActivity extends ProducerBoot {
  records: number;
  first_seq: number;
  last_seq: number;
  first_append_time: string;
  last_append_time: string;
  /** The last record is a goodbye. */
  stopped: boolean;
  enforcement: string | null;
}

export const GAP_KINDS = [
  "missing",
  "dropped",
  "dead_lettered",
  "altered",
  "heartbeat_missing",
  "chain_broken",
  "sequence_reused",
  "boot_reused",
  "silent",
  "no_goodbye",
] as const;
/**
 * - `missing`: numbers that no stored record has, and that the producer did not declare (in full) as dropped
 * - `dropped`: numbers that the producer itself declared as dropped, with its reasons
 * - `dead_lettered`: the records were no valid ones when the archiver met them, and lie in the dead letters
 * - `altered`: every record of the interval is there, and their hash is not the one that the producer stated
 * - `heartbeat_missing`: the heartbeat before this one is not stored, so the interval before it can't be judged
 * - `chain_broken`: a heartbeat contradicts itself or the one before it
 * - `sequence_reused`: different records under one number
 * - `boot_reused`: two histories under one boot id: it started again from 0, or two hosts wrote under it
 * - `silent`: nothing more came, without a goodbye, and the producer has not started again
 * - `no_goodbye`: it ended without a goodbye, and the producer has started again since
 */
export type GapKind = (typeof GAP_KINDS)[number];

export interface Gap extends ProducerBoot {
  kind: GapKind;
  /** The numbers it is about, at most MAX_RANGES of them; `more` says that some were left out. */
  ranges: SeqRange[];
  more: boolean;
  /** How many numbers that is, those left out included. */
  numbers: number;
  /** Between these the records went missing; of a silence, `after` is the last sign of life. */
  after: string | null;
  before: string | null;
  /** What the producer declared as dropped in the interval, by reason. */
  declared: Record<string, number>;
  /** The heartbeat that shows it, or the last record of a silent boot. */
  record_id: string | null;
  /** The log's time of the finding: a heartbeat's append, the last record's append. */
  time: string;
  /** What was found, in one sentence without captured text. */
  detail: string;
}

export const MAX_RANGES = 100; // of one finding; whoever lost more in ten seconds needs no longer list

/** The records of one interval of a boot, both ends included; times bound where in the log they can be. */
export interface BootSpan extends ProducerBoot, SeqRange {
  since?: string | undefined;
  until?: string | undefined;
}

/** A stretch of one partition of the events topic: offsets from `from` up to, and without, `to`. */
export interface LogSpan {
  generation: string;
  partition: number;
  from: number;
  to: number;
  /** No record of the stretch was appended before; null: not known. */
  since: string | null;
}

/** How far an examination has come in one partition. */
export interface Examined {
  partition: number;
  /** The next offset to look at. */
  offset: number;
  /** Nothing behind it was appended before; null: not known. */
  append_time: string | null;
}

/** What `tripline gaps` asks. */
export interface GapsQuestion {
  since: string;
  until: string;
  producer?: string | undefined;
  /** Whether the intervals' hashes are checked too, for which every envelope is read. */
  hashes: boolean;
  /** The asker's clock, ms since the epoch: a boot may be silent because nobody speaks any more. */
  nowMs: number;
  cursor?: string | undefined;
}

export interface GapsPage {
  gaps: Gap[];
  /** Boots and records that this page looked at. */
  boots: number;
  records: number;
  next: string | null;
}

/** An intent that no call followed so far. */
export interface WaitingIntent {
  envelope: Envelope;
  offset: number;
  /** The log's clock. */
  append_time: string;
}

export interface CallName {
  tenant: string;
  callId: string;
}

/** An alert about the record itself that nobody has closed. */
export interface OpenAlert {
  alert: Alert;
  append_time: string;
}

/** Heartbeats of one boot by rising number, and the one before them where it is known. */
export interface BootHistory {
  heartbeats: readonly StoredHeartbeat[];
  before: StoredHeartbeat | null;
}

export interface ExamineOptions {
  signal?: AbortSignal | undefined;
  /** Awaited between two questions: who examines in the background makes room for others here. */
  pause?: (() => Promise<void>) | undefined;
}

/** What the archiver's own examination asks, across tenants. Every method rejects with a TriplineError. */
export interface CompletenessStore {
  /** What a stretch of the log holds, boot by boot. */
  activityInLog(span: LogSpan): Promise<BootActivity[]>;
  /** Boots that sent a heartbeat since then, as their heartbeats show them. */
  activitySince(since: string): Promise<BootActivity[]>;
  heartbeatsInLog(span: LogSpan, limit: number): Promise<StoredHeartbeat[]>;
  /**
   * Which of these boots' intervals continue each other and have a record under each number, by one question for all.
   * Of the others `examine` says more.
   */
  complete(histories: readonly BootHistory[]): Promise<Set<BootHistory>>;
  /** Heartbeats of one boot, by rising number: what is wrong with the intervals that they end. */
  examine(
    heartbeats: readonly StoredHeartbeat[],
    what: { hashes: boolean },
    options?: ExamineOptions,
  ): Promise<{ gaps: Gap[]; records: number }>;
  /** The same for what a boot that is over wrote behind its last heartbeat. */
  examineTail(boot: BootActivity): Promise<{ gaps: Gap[]; records: number }>;
  /** What is wrong with the intervals of a boot whose heartbeats were appended in [since, until). */
  examineBoot(
    boot: ProducerBoot,
    range: { since: string; until: string },
    options?: ExamineOptions,
  ): Promise<{ gaps: Gap[]; records: number }>;
  /** When this boot, and any other of its producer, was last heard since then. */
  heardSince(boot: ProducerBoot, since: string): Promise<BootActivity[]>;
  /** The stretch's intents that no stored call followed, in their order. */
  waitingIntents(span: LogSpan, limit: number): Promise<WaitingIntent[]>;
  /** Which of these calls have a call record; named as `tenant\ncall id`. */
  endedCalls(calls: readonly CallName[]): Promise<Set<string>>;
  /** Which of these alerts are known, in whatever state. */
  knownAlerts(ids: readonly string[]): Promise<Set<string>>;
  /** Alerts of these rules that are open or acknowledged, appended since then; oldest first, at most `limit`. */
  openAlerts(rules: readonly string[], since: string, limit: number): Promise<OpenAlert[]>;
  examined(what: string, generation: string): Promise<Examined[]>;
  /** Never goes back. */
  saveExamined(what: string, generation: string, progress: readonly Examined[]): Promise<void>;
}
