import type { RevocationScope, SignedRevocation } from "@tripline/events";
import type { OnWarning } from "../core/warnings.ts";
import type { EntryVerifier } from "./entry-verifier.ts";
import type { RevocationSink } from "./revocation-source.ts";

export const STALE_AFTER_MS = 60_000; // four of the source's comment lines (15 s each) were missed
/** A copy that was out of touch for longer may miss that an entry was compacted away: it is replaced by the snapshot. */
export const RELOAD_AFTER_MS = 24 * 3600_000;
const MAX_ENTRIES = 1_000_000; // some 1 GB: a source that sends more is broken

/** Whom a call concerns, in the words of revocations. */
export interface CallSubjects {
  credential: string | undefined;
  session: string | undefined;
  agent: string | undefined;
  /** Subject ids of the principal under every key in use. */
  principals: readonly string[];
  server: string;
  /** `server/tool` */
  tool: string;
}

/** fresh: in touch with the source. stale: a list that may miss the newest entries. empty: never had a list. */
export type DenyListStatus = "empty" | "stale" | "fresh";

export interface AppliedEntry {
  entry: SignedRevocation;
  atMs: number;
}

export interface DenyListOptions {
  tenant: string;
  verifier: EntryVerifier;
  now: () => number;
  onWarning: OnWarning;
  /** Entries changed, or the source was heard of: see DenyListFile. */
  onChanged?: (() => void) | undefined;
  /** An entry was not genuine: perhaps the responder has a new key. */
  onRejected?: (() => void) | undefined;
}

interface LiveEntry {
  entry: SignedRevocation;
  expiresMs: number;
}

/** What a copy on disk holds. When it is read, its entries are as unverified as any. */
export interface DenyListCopy {
  synced_ms: number;
  entries: unknown[];
}

/** Revocations of one tenant in memory. Any live entry denies; reinstatement lifts only its own entry, for good. */
export class DenyList implements RevocationSink {
  readonly #options: DenyListOptions;
  readonly #live: Record<RevocationScope, Map<string, LiveEntry[]>> = {
    credential: new Map(),
    session: new Map(),
    agent: new Map(),
    principal: new Map(),
    tool: new Map(),
    server: new Map(),
  };
  /** Everything known, by id, reinstated entries too: a late repetition of their revocation must not bring them back. */
  readonly #known = new Map<string, SignedRevocation>();
  readonly #listeners: ((applied: AppliedEntry) => void)[] = [];
  #liveCount = 0;
  #rejected = 0;
  #version = 0;
  #syncedMs: number | null = null;
  #contactMs: number | null = null;
  #snapshot: Set<string> | null = null;

  constructor(options: DenyListOptions) {
    this.#options = options;
  }

  /** How many live entries there are, expired ones that nobody asked for included. */
  get size(): number {
    return this.#liveCount;
  }

  /** Grows with every change of the entries. */
  get version(): number {
    return this.#version;
  }

  /** Entries that were not signed by a pinned key. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Called for each entry that begins to deny or is lifted, except those read from the copy on disk. */
  onApplied(listener: (applied: AppliedEntry) => void): void {
    this.#listeners.push(listener);
  }

  status(): DenyListStatus {
    if (this.#syncedMs === null) return "empty";
    const contact = this.#contactMs;
    return contact !== null && this.#options.now() - contact < STALE_AFTER_MS ? "fresh" : "stale";
  }

  /** The live entry that refuses this call, or null. Under a microsecond. */
  check(subjects: CallSubjects): SignedRevocation | null {
    if (this.#liveCount === 0) return null;
    const found =
      this.#find("credential", subjects.credential) ??
      this.#find("session", subjects.session) ??
      this.#find("agent", subjects.agent) ??
      this.#find("tool", subjects.tool) ??
      this.#find("server", subjects.server);
    if (found !== null) return found;
    for (const principal of subjects.principals) {
      const entry = this.#find("principal", principal);
      if (entry !== null) return entry;
    }
    return null;
  }

  /** Takes a copy from disk. Its entries are verified like any other. */
  restore(copy: DenyListCopy): void {
    for (const entry of copy.entries) this.#take(entry, false);
    this.#syncedMs = copy.synced_ms;
  }

  copy(): DenyListCopy {
    return { synced_ms: this.#syncedMs ?? 0, entries: [...this.#known.values()] };
  }

  snapshotBegins(): void {
    this.#snapshot = new Set();
  }

  entry(value: unknown): void {
    const entry = this.#take(value, true);
    if (entry !== null) this.#snapshot?.add(entry.id);
    this.contact();
  }

  loaded(): void {
    const outOfTouchMs = this.#options.now() - (this.#syncedMs ?? 0);
    if (this.#snapshot !== null && outOfTouchMs > RELOAD_AFTER_MS) this.#keepOnly(this.#snapshot);
    this.#snapshot = null;
    this.#syncedMs = this.#options.now();
    this.contact();
  }

  /** The source gave a sign of life. Counts only once the snapshot is complete. */
  contact(): void {
    if (this.#snapshot !== null || this.#syncedMs === null) return;
    this.#contactMs = this.#options.now();
    this.#syncedMs = this.#contactMs;
    this.#options.onChanged?.();
  }

  /** An entry was compacted away. Unsigned, so it lifts nothing: only what denies no more is forgotten. */
  removed(id: string): void {
    const entry = this.#known.get(id);
    if (entry === undefined) return;
    if (entry.state === "active" && expiresMs(entry) > this.#options.now()) return;
    this.#unlist(entry);
    this.#known.delete(id);
    this.#version += 1;
    this.#options.onChanged?.();
  }

  #find(scope: RevocationScope, subject: string | undefined): SignedRevocation | null {
    if (subject === undefined) return null;
    const entries = this.#live[scope].get(subject);
    if (entries === undefined) return null;
    for (const { entry, expiresMs } of entries) {
      if (expiresMs === Number.POSITIVE_INFINITY || expiresMs > this.#options.now()) return entry;
    }
    for (const { entry } of [...entries]) this.#unlist(entry);
    return null;
  }

  /** Verifies and applies. Returns the entry if it is genuine and concerns this tenant. */
  #take(value: unknown, announce: boolean): SignedRevocation | null {
    const entry = this.#options.verifier.verify(value);
    if (entry === null) {
      this.#rejected += 1;
      this.#options.onWarning({
        code: "TRIPLINE_REVOCATION_REJECTED",
        message: `a revocation was not signed by a pinned key and is ignored (${this.#rejected} so far): somebody may be forging them, or the responder's key changed`,
      });
      this.#options.onRejected?.();
      return null;
    }
    if (entry.tenant !== this.#options.tenant) return null;
    const before = this.#known.get(entry.id);
    if (before?.state === "reinstated" || before?.signature === entry.signature) return entry;
    if (this.#known.size >= MAX_ENTRIES) return null;
    if (before !== undefined) this.#unlist(before);
    this.#known.set(entry.id, entry);
    this.#version += 1;
    if (entry.state === "active") this.#list(entry);
    const changes = entry.state === "active" ? expiresMs(entry) > this.#options.now() : before !== undefined;
    if (announce && changes) {
      for (const listener of this.#listeners) listener({ entry, atMs: this.#options.now() });
    }
    return entry;
  }

  #list(entry: SignedRevocation): void {
    const live = { entry, expiresMs: expiresMs(entry) };
    const entries = this.#live[entry.scope].get(entry.subject);
    if (entries === undefined) this.#live[entry.scope].set(entry.subject, [live]);
    else entries.push(live);
    this.#liveCount += 1;
  }

  #unlist(entry: SignedRevocation): void {
    const entries = this.#live[entry.scope].get(entry.subject);
    const at = entries?.findIndex((candidate) => candidate.entry.id === entry.id) ?? -1;
    if (entries === undefined || at < 0) return;
    entries.splice(at, 1);
    if (entries.length === 0) this.#live[entry.scope].delete(entry.subject);
    this.#liveCount -= 1;
  }

  #keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, entry] of this.#known) {
      if (ids.has(id)) continue;
      this.#unlist(entry);
      this.#known.delete(id);
      this.#version += 1;
    }
  }
}

function expiresMs(entry: SignedRevocation): number {
  return entry.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.expires_at);
}
