import type { Envelope, KeyedHasher } from "@tripline/events";

/**
 * The core that every tap calls: it decides from memory, records, and never waits for the pipeline.
 * A tap finds calls in some protocol and turns them into `begin` and `end`.
 */

/**
 * Who calls, as far as the tap can tell. The principal's name is given in clear; the interceptor turns it into a subject id.
 * Treated as immutable: hand the same object in for the same caller, and what is derived from it is derived once.
 */
export interface Caller {
  credential?: string | undefined;
  assurance: "verified" | "asserted" | "unknown";
  tokenId?: string | undefined;
  principal?: string | undefined;
  agent?: string | undefined;
  client?: string | undefined;
  team?: string | undefined;
  roles?: readonly string[] | undefined;
  delegation?: readonly string[] | undefined;
}

/** As the record has it. Without an `id` the interceptor names one: credential and a quiet gap of 30 minutes. */
export type Session = NonNullable<Envelope["session"]>;
export type Target = NonNullable<Envelope["target"]>;

export interface CallStart {
  caller: Caller;
  session: Session;
  target: Target & { server: string; tool: string };
  method: string;
  /** As parsed from the wire; redacted before it goes anywhere. Not changed and not kept after `begin`. */
  args: unknown;
  /** Size of the arguments' JSON in bytes, where the tap knows it. */
  argsBytes?: number | undefined;
  /** Aborts when the caller gives up: the call then ends as `cancelled`. */
  signal?: AbortSignal | undefined;
  /** Whether the tap can wait for a verdict. One that can't is told at once what it would be told without an answer. */
  canWait?: boolean | undefined;
}

/** How a call ended. The tap says what an agent reads of the protocol's result. */
export type CallEnd =
  | {
      outcome: "ok" | "tool_error";
      /** The result's text as an agent reads it; of a very large one its head. */
      text: string;
      /** Size of the whole result's JSON in bytes. */
      bytes: number;
      items: number;
      usage?: Envelope["usage"];
      /** Given where `text` is only the head of what the agent read: `keyedHasher`'s 32 digits over the whole's `bytes`. */
      wholeDigest?: string | undefined;
    }
  | { outcome: "protocol_error"; errorCode: string; message: string }
  /** in_doubt: the connection ended before an answer came, so nobody knows whether the call took effect. */
  | { outcome: "timeout" | "cancelled" | "in_doubt"; message?: string | undefined };

export interface OpenCall {
  /** Tripline's id of the call. */
  readonly id: string;
  /** Records the call. Only the first end counts. Never throws. */
  end(end: CallEnd): void;
}

/** Why a call is refused: a live revocation, a rule's finding, or a fail-closed tool that can't be checked or recorded. */
export interface Refusal {
  /** The revocation's id; of a finding the rule's; `fail_closed` or `unjudged` when there is neither. */
  revocationId: string;
  scope: "credential" | "session" | "agent" | "principal" | "tool" | "server" | "call" | "fail_closed";
  reason: string;
}

/** What became of a call that waited. A refusal is already recorded. */
export type Decided = { kind: "allow" } | { kind: "deny"; refusal: Refusal };

export type Verdict =
  | { kind: "allow"; call: OpenCall }
  | { kind: "deny"; refusal: Refusal }
  /** Only for taps that `canWait`: forward nothing before `decided`, which never rejects and takes `max_ms` at most. */
  | { kind: "hold"; call: OpenCall; decided: Promise<Decided> };

export interface ListedTools {
  caller: Caller;
  session: Session;
  target: Target & { server: string };
  /** The tools as the server listed them. */
  tools: readonly Readonly<Record<string, unknown>>[];
  /** False for one page of several. */
  complete: boolean;
}

/** What an interceptor did since it started, for metrics of the process it lives in. */
export interface InterceptorStats {
  boot: string;
  records: number;
  denied: number;
  /** Calls that waited for a verdict, and those of them that got none in time. */
  held: number;
  unanswered: number;
  /** Records lost, by reason. */
  dropped: Readonly<Record<string, number>>;
  /** Records the receiver would not take; they are in `refused.ndjson`. */
  refused: number;
  /** Intents that were not on file when their call was forwarded. */
  lateIntents: number;
  /** Bytes in the spool that nobody has acknowledged yet, or that are kept until their segment is done. */
  spoolBytes: number;
  denyList: "none" | "empty" | "stale" | "fresh";
}

export interface Interceptor {
  /**
   * Before the call is forwarded: asks the deny list (memory), writes an intent where the call may change something.
   * Synchronous, takes microseconds (an intent: one write to the spool file), never throws. A refusal is already recorded.
   */
  begin(start: CallStart): Verdict;
  /** Records a listing and remembers the definitions' hashes and which tools only read. Never throws. */
  listed(listing: ListedTools): void;
  /** False as long as `begin` can't refuse anything: a tap may then forward a frame before it has seen its end. */
  mayRefuse(): boolean;
  /** For what a tap can't hold whole: hashes it with the tenant's current redaction key as it flows by. */
  keyedHasher(): KeyedHasher;
  stats(): InterceptorStats;
  /** Writes the goodbye heartbeat, sends what is spooled as far as that goes within `timeoutMs`, and lets go. */
  close(timeoutMs?: number): Promise<void>;
}
