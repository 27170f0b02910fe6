import type { Alert, Envelope, Outcome, Payload, RecordType, Revocation, Severity } from "@tripline/events";

import type { GapsPage, GapsQuestion } from "./completeness-types.ts";
import type { IncidentCounts, IncidentDetail, IncidentFilter, IncidentRow } from "./incident-types.ts";

/**
 * What can be asked of the store, and how the answers look. Rows have wire names; times are RFC 3339 in UTC with
 * milliseconds; an absent value is null. All captured text in them is redacted and hostile.
 */

export const DEFAULT_PAGE_ROWS = 50;
export const MAX_PAGE_ROWS = 500; // a page of calls is about 0.5 MB as JSON then

export interface PageRequest {
  /** 1 … MAX_PAGE_ROWS, default DEFAULT_PAGE_ROWS. */
  limit?: number | undefined;
  /** `next` or `previous` of an earlier page of the same question. */
  cursor?: string | undefined;
  /** Order of the rows. Default `newest` first; a session's default is `oldest` first. */
  order?: "newest" | "oldest" | undefined;
}

export interface Page<Row> {
  rows: Row[];
  /** Cursor of the page after this one; null when there is none. */
  next: string | null;
  /** Cursor of the page before this one; null when this is the first. */
  previous: string | null;
}

export interface QueryOptions {
  /** Ends the query in the engine too; the promise then rejects with TRIPLINE_STORE_ABORTED. */
  signal?: AbortSignal | undefined;
}

/** On whose behalf the store is asked. */
export interface ReaderScope {
  tenant: string;
  /** Whether arguments, results and texts may be read or searched. */
  payloads: boolean;
}

export interface CallFilter {
  /** Inclusive. */
  since?: string | undefined;
  /** Exclusive. */
  until?: string | undefined;
  /** A subject id, or (part of) a name or address as the directory knows it. */
  principal?: string | undefined;
  agent?: string | undefined;
  client?: string | undefined;
  credential?: string | undefined;
  server?: string | undefined;
  tool?: string | undefined;
  outcome?: Outcome | readonly Outcome[] | undefined;
  session?: string | undefined;
  trace?: string | undefined;
  producer?: string | undefined;
  /** Default: `call`. */
  types?: readonly RecordType[] | undefined;
  /** Text that occurs in arguments, result or error, case-sensitive. Needs `ReaderScope.payloads`. */
  text?: string | undefined;
}

/** One record, without its payload. */
export interface CallRow {
  id: string;
  type: RecordType;
  time: string;
  received: string | null;
  producer: string;
  boot: string;
  seq: number;
  enforcement: string | null;
  principal: string | null;
  agent: string | null;
  client: string | null;
  credential: string | null;
  assurance: string | null;
  session: string | null;
  session_source: string | null;
  trace_id: string | null;
  server: string | null;
  tool: string | null;
  upstream: string | null;
  transport: string | null;
  environment: string | null;
  call_id: string | null;
  method: string | null;
  started: string | null;
  /** Of an intent: from then on, without a call, it is in doubt. */
  deadline: string | null;
  duration_ms: number | null;
  outcome: Outcome | null;
  error_code: string | null;
  args_bytes: number | null;
  result_bytes: number | null;
  result_items: number | null;
  truncated: boolean;
  decision: string | null;
  decision_rule: string | null;
  cost_usd: number | null;
}

export interface CallPage extends Page<CallRow> {
  /** Whom `filter.principal` was taken to mean; null when it was not given. */
  principals: Person[] | null;
}

/** A person as the directory knows them. */
export interface Person {
  subject_id: string;
  /** Names and addresses seen, latest first. */
  names: string[];
}

/** Where in the log a record was read from. */
export interface SourcePosition {
  generation: string;
  partition: number;
  offset: number;
  append_time: string;
}

/** One record whole. */
export interface StoredRecord {
  envelope: Envelope;
  /** The envelope's exact bytes, as they were sealed. */
  envelope_text: string;
  source: SourcePosition;
  /** Whether the envelope names a payload. */
  has_payload: boolean;
  /** Null when there is none, it is gone, or the reader may not see payloads. */
  payload: Payload | null;
  /** The payload's exact bytes, which `envelope.payload_hash` is over; null as `payload`. The store always says it. */
  payload_text?: string | null;
}

/** One call: its intent, its end, or both. */
export interface CallDetail {
  call_id: string | null;
  intent: StoredRecord | null;
  /** Its own record; until there is one, the record that closed it as in doubt. */
  call: StoredRecord | null;
  /** The record that closed it as in doubt, and from when on it was, by its producer's clock; null when none did. */
  in_doubt: { record_id: string; since: string } | null;
}

export interface AlertFilter {
  since?: string | undefined;
  until?: string | undefined;
  severity?: Severity | readonly Severity[] | undefined;
  rule?: string | undefined;
  credential?: string | undefined;
  session?: string | undefined;
  server?: string | undefined;
  state?: string | readonly string[] | undefined;
  /** Only what is in this incident. */
  incident?: string | undefined;
}

/** An alert in its latest state. */
export interface AlertRow {
  id: string;
  time: string;
  detected_at: string | null;
  rule_id: string;
  rule_title: string;
  severity: Severity;
  /** `open` until a later record of the alert says otherwise. */
  state: string;
  state_at: string | null;
  summary: string;
  why: string;
  group: string;
  record_id: string | null;
  principal: string | null;
  agent: string | null;
  credential: string | null;
  session: string | null;
  server: string | null;
  tool: string | null;
  /** The incident that it is in; null until it is in one. */
  incident_id: string | null;
}

export interface AlertStateRow {
  state: string;
  by: string | null;
  note: string | null;
  at: string;
}

export interface AlertDetail {
  alert: Alert;
  state: string;
  /** In the order they were appended. */
  states: AlertStateRow[];
  /** The incident that it is in; null until it is in one. */
  incident_id: string | null;
  source: SourcePosition;
}

export interface RevocationFilter {
  state?: Revocation["state"] | undefined;
  scope?: Revocation["scope"] | undefined;
  subject?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  /** Only what came of an alert of this incident. */
  incident?: string | undefined;
}

/** A revocation in its latest state. */
export interface RevocationRow {
  id: string;
  scope: Revocation["scope"];
  subject: string;
  state: Revocation["state"];
  reason: string;
  by: string;
  rule_id: string | null;
  alert_id: string | null;
  detected_at: string | null;
  decided_at: string;
  expires_at: string | null;
  reinstated_at: string | null;
  key_id: string;
  signature: string;
}

/** How fast it went. All times are stated, by the clock named; null when it was not seen (yet). */
export interface RevocationTiming {
  /** The record that completed the pattern: the producer's clock. Null when a person decided. */
  completing_record_id: string | null;
  completing_record_time: string | null;
  /** The log's clock. */
  completing_record_appended: string | null;
  /** The detector's clock. */
  detected_at: string | null;
  /** The responder's clock. */
  decided_at: string;
  /** The log's clock. */
  appended: string;
  /** By each interceptor's own clock, earliest first. */
  applied: { producer: string; boot: string; state: Revocation["state"]; at: string }[];
  first_denied_record_id: string | null;
  /** The producer's clock. */
  first_denied_time: string | null;
  /** From the completing record to the first interceptor that applied it, ms. */
  applied_after_ms: number | null;
  /** From the completing record to the first refused call, ms. Includes the time until the agent tried again. */
  refused_after_ms: number | null;
}

/** What happened around a revocation. All times are stated, by the clock named. */
export interface RevocationCourse {
  /** What the responder and the issuer's revokers recorded about it, in order, by the responder's clock. */
  decisions: {
    record_id: string;
    kind:
      | "not_enforced"
      | "enforced"
      | "upstream_acknowledged"
      | "upstream_verified"
      | "upstream_failed"
      | "upstream_reinstated";
    at: string;
    /** The revoker. */
    via: string | null;
    reason: string;
    interceptors: { producer: string; boot: string }[];
  }[];
  /** Producers that were heard in the minute before the decision. `refuses: false`: it only reports. */
  present: { producer: string; boot: string; advisory: boolean; refuses: boolean }[];
  /** Calls that had begun and not ended when it was decided, at most 50. `outcome` null: not known to have ended. */
  in_flight: {
    record_id: string;
    call_id: string;
    server: string | null;
    tool: string | null;
    /** The producer's clock. */
    started: string;
    outcome: string | null;
  }[];
}

export interface RevocationDetail {
  revocation: RevocationRow;
  timing: RevocationTiming;
  course: RevocationCourse;
}

/** What the front page shows. Every list is cut at its named limit. */
export interface Activity {
  since: string;
  until: string;
  /** One entry for each minute that had calls, oldest first. */
  minutes: { minute: string; calls: number; failed: number; denied: number }[];
  /** Most calls first, at most MAX_ACTIVITY_TOOLS. */
  tools: { server: string; tool: string; calls: number; failed: number; denied: number }[];
  outcomes: { outcome: Outcome; calls: number }[];
}

export const MAX_ACTIVITY_TOOLS = 100;
export const MAX_ACTIVITY_MINUTES = 24 * 60;

/** When a producer was last heard, by the log's clock. */
export interface ProducerRow {
  producer: string;
  boot: string;
  last_seq: number;
  last_time: string;
  last_append_time: string;
  /** The last heartbeat was a goodbye. */
  stopped: boolean;
}

/** Everything that can be asked on behalf of one tenant. Every method rejects with a TriplineError. */
/** Which records are replayed. */
export interface HistoryFilter {
  /** Inclusive. */
  since: string;
  /** Exclusive. */
  until: string;
  types: readonly RecordType[];
  credential?: string | undefined;
  session?: string | undefined;
}

export const MAX_HISTORY_ROWS = 1000; // of one page; 4 MB of usual records

/** A record as its bytes were, for whoever judges it again. */
export interface HistoryRecord {
  envelope_text: string;
  /** Whether it had a payload. */
  has_payload: boolean;
  /** Null where it had none, or where it is gone. */
  payload_text: string | null;
  append_time: string;
}

export interface HistoryPage {
  records: HistoryRecord[];
  /** Cursor of the next page; null behind the last record. */
  next: string | null;
}

export interface StoreReader {
  /** Records with their payloads, oldest first. Only where payloads may be read. */
  history(
    filter: HistoryFilter,
    page?: { limit?: number | undefined; cursor?: string | undefined },
    options?: QueryOptions,
  ): Promise<HistoryPage>;
  /** Calls that match all given filters. */
  searchCalls(filter: CallFilter, page?: PageRequest, options?: QueryOptions): Promise<CallPage>;
  /** Intents of a time range (at most a day) that no call followed, oldest first. */
  openIntents(
    range: { since: string; until: string; limit?: number },
    options?: QueryOptions,
  ): Promise<CallRow[]>;
  /** A session's calls and its intents that no call followed, oldest first unless asked otherwise. */
  session(id: string, page?: PageRequest, options?: QueryOptions): Promise<Page<CallRow>>;
  /** One record by its id. */
  record(id: string, options?: QueryOptions): Promise<StoredRecord | null>;
  /** One call by the call's id or the id of either of its records. */
  call(id: string, options?: QueryOptions): Promise<CallDetail | null>;
  alerts(filter?: AlertFilter, page?: PageRequest, options?: QueryOptions): Promise<Page<AlertRow>>;
  alert(id: string, options?: QueryOptions): Promise<AlertDetail | null>;
  /** Incidents by their latest alert. */
  incidents(filter?: IncidentFilter, page?: PageRequest, options?: QueryOptions): Promise<Page<IncidentRow>>;
  incident(id: string, options?: QueryOptions): Promise<IncidentDetail | null>;
  incidentCounts(options?: QueryOptions): Promise<IncidentCounts>;
  revocations(
    filter?: RevocationFilter,
    page?: PageRequest,
    options?: QueryOptions,
  ): Promise<Page<RevocationRow>>;
  revocation(id: string, options?: QueryOptions): Promise<RevocationDetail | null>;
  /** Counts for a range of at most a day. */
  activity(range: { since: string; until: string }, options?: QueryOptions): Promise<Activity>;
  /** Producers heard since then, latest first, at most MAX_PAGE_ROWS. */
  producers(since: string, options?: QueryOptions): Promise<ProducerRow[]>;
  /** What producers sent in a time range and the store lacks, page by page. */
  gaps(question: GapsQuestion, options?: QueryOptions): Promise<GapsPage>;
  /** People whose subject id equals the text, or one of whose names contains it (any case); at most MAX_PRINCIPALS. */
  findPrincipals(text: string, options?: QueryOptions): Promise<Person[]>;
  /** The names of these subject ids (at most MAX_PAGE_ROWS); unknown ones are absent. */
  names(subjectIds: readonly string[], options?: QueryOptions): Promise<Map<string, string[]>>;
}

export const MAX_PRINCIPALS = 50; // a search for "a" means nobody; more than this is not a person but a crowd
