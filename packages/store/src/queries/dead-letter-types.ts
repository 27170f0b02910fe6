import type { DEAD_LETTER_DECISIONS } from "@tripline/events";
import type { Page, PageRequest, QueryOptions } from "./types.ts";

/** What can be asked about dead letters. Keys, headers and bytes are as they came: never redacted, and hostile. */

export type DeadLetterState = "open" | (typeof DEAD_LETTER_DECISIONS)[number];

/** Whose letters: the empty text stands for letters that name no tenant, which only the operator sees. */
export interface DeadLetterScope {
  /** `null`: every tenant's; for the operator's numbers, never for a list. */
  tenants: readonly string[] | null;
}

export interface DeadLetterFilter {
  /** Inclusive, by when the letter was written. */
  since?: string | undefined;
  /** Exclusive. */
  until?: string | undefined;
  topic?: string | undefined;
  step?: string | undefined;
  reason?: string | undefined;
  state?: DeadLetterState | undefined;
}

export interface DeadLetterRow {
  id: string;
  tenant: string | null;
  step: string;
  /** A stable word or error code. */
  reason: string;
  generation: string;
  topic: string;
  partition: number;
  offset: number;
  key: string | null;
  /** Of the original's value. */
  bytes: number;
  tombstone: boolean;
  /** The letter holds only the beginning of the value. */
  cut: boolean;
  /** When it was written, by the log's clock. */
  time: string;
  state: DeadLetterState;
  decided_by: string | null;
  decided_at: string | null;
  decision_reason: string | null;
  /** Where the replay wrote it again, on its topic. */
  replayed_to: { partition: number; offset: number } | null;
  /** The letter whose replay was rejected again, which made this one. */
  replay_of: string | null;
}

/** The original, as it was. Null in `value`: a tombstone. */
export interface DeadLetterBytes {
  headers: Record<string, string>;
  value: Uint8Array | null;
}

export interface DeadLetterCounts {
  open: number;
  /** When the oldest open one was written; null when none is open. */
  oldest: string | null;
}

/** Where a selection goes on: in the order in which letters are replayed. */
export interface DeadLetterPosition {
  generation: string;
  topic: string;
  partition: number;
  offset: number;
  step: string;
}

export interface DeadLetterReader {
  /** Newest first. */
  list(
    scope: DeadLetterScope,
    filter?: DeadLetterFilter,
    page?: PageRequest,
    options?: QueryOptions,
  ): Promise<Page<DeadLetterRow>>;
  one(scope: DeadLetterScope, id: string, options?: QueryOptions): Promise<DeadLetterRow | null>;
  /** Null when the retention took the bytes. Look the letter up in its scope first. */
  bytes(id: string, options?: QueryOptions): Promise<DeadLetterBytes | null>;
  /** The same for several (at most 100) at once; those whose bytes are gone are absent. */
  bytesOf(ids: readonly string[], options?: QueryOptions): Promise<Map<string, DeadLetterBytes>>;
  /** Letters that the same record became at other steps, and those that came of this one's replay; at most 100. */
  related(letter: DeadLetterRow, scope: DeadLetterScope, options?: QueryOptions): Promise<DeadLetterRow[]>;
  /** By step and reason, most first; at most 1,000. */
  count(
    scope: DeadLetterScope,
    filter?: DeadLetterFilter,
    options?: QueryOptions,
  ): Promise<{ step: string; reason: string; letters: number }[]>;
  /** Letters by topic, partition and offset: the order in which they are replayed. */
  inOrder(
    scope: DeadLetterScope,
    filter: DeadLetterFilter,
    page: { after: DeadLetterPosition | null; limit: number },
    options?: QueryOptions,
  ): Promise<DeadLetterRow[]>;
  /** Over every tenant. */
  open(options?: QueryOptions): Promise<DeadLetterCounts>;
}
