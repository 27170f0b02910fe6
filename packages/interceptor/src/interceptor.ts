import type { Envelope } from "@tripline/events";

/**
 * The core that every tap calls: it decides from memory, records, and never waits for the pipeline.
 * A tap finds calls in some protocol and turns them into `begin` and `end`.
 */

/** Who calls, as far as the tap can tell. The principal's name is given in clear; the interceptor turns it into a subject id. */
export interface Caller {
  credential?: string | undefined;
  assurance: "verified" | "asserted" | "unknown";
  tokenId?: string | undefined;
  principal?: string | undefined;
  agent?: string | undefined;
  client?: string | undefined;
  team?: string | undefined;
  roles?: string[] | undefined;
  delegation?: string[] | undefined;
}

export interface CallStart {
  caller: Caller;
  session: NonNullable<Envelope["session"]>;
  target: NonNullable<Envelope["target"]> & { server: string; tool: string };
  method: string;
  /** As parsed from the wire; redacted before it goes anywhere. */
  args: unknown;
  /** Aborts when the caller gives up. */
  signal?: AbortSignal | undefined;
}

/** How a call ended. `result` is the protocol's result object; the tap says what an agent reads of it. */
export type CallEnd =
  | { outcome: "ok" | "tool_error"; text: string; bytes: number; items: number; usage?: Envelope["usage"] }
  | { outcome: "protocol_error"; errorCode: string; message: string }
  | { outcome: "timeout" | "cancelled"; message?: string };

export interface OpenCall {
  /** Tripline's id of the call. */
  readonly id: string;
  /** Records the call. Only the first end counts. */
  end(end: CallEnd): void;
}

/** Why a call is refused: a live revocation (or a fail-closed tool without a deny list). */
export interface Refusal {
  revocationId: string;
  scope: "credential" | "session" | "agent" | "principal" | "tool" | "server" | "fail_closed";
  reason: string;
}

export type Verdict = { kind: "allow"; call: OpenCall } | { kind: "deny"; refusal: Refusal };

export interface ListedTools {
  caller: Caller;
  session: NonNullable<Envelope["session"]>;
  target: NonNullable<Envelope["target"]> & { server: string };
  /** The tools as the server listed them. */
  tools: readonly Readonly<Record<string, unknown>>[];
  complete: boolean;
}

export interface Interceptor {
  /**
   * Before the call is forwarded: asks the deny list (memory), writes an intent where the call may change something.
   * Synchronous, takes microseconds (an intent: one write to the spool file), never throws. A refusal is already recorded.
   */
  begin(start: CallStart): Verdict;
  /** Records a listing and remembers the definitions' hashes and which tools only read. Never throws. */
  listed(listing: ListedTools): void;
  /** Sends what is spooled as far as that goes within `timeoutMs`, writes the goodbye heartbeat, and lets go. */
  close(timeoutMs?: number): Promise<void>;
}
