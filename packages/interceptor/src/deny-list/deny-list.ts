import { type RevocationScope, type SignedRevocation, signedRevocationSchema } from "@tripline/events";
import type { OnWarning } from "../core/warnings.ts";
import { EntryIndex } from "./entry-index.ts";
import { EntryStore } from "./entry-store.ts";
import type { EntryVerifier } from "./entry-verifier.ts";
import type { RevocationSink } from "./revocation-source.ts";

export const STALE_AFTER_MS = 60_000; // four of the source's comment lines (15 s each) were missed
/** A copy that was out of touch for longer may miss that an entry was compacted away: it is replaced by the snapshot. */
export const RELOAD_AFTER_MS = 24 * 3600_000;
const MAX_ENTRIES = 2_000_000; // some 150 MB: a source that sends more is broken
/** Entries of a first list that are older than this deny like all others, but are verified when a call meets them. */
const NEWS_MS = 24 * 3600_000;
const MAX_NEWS = 2_000; // changes that are kept for the copy; after more it is written whole
const MAX_READ = 256; // entries that calls met lately, as objects

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
  /** Where the entries themselves are kept, in a file nobody else sees. Default: in memory. */
  directory?: string | undefined;
}

/**
 * Revocations of one tenant. Any live entry denies; reinstatement lifts only its own entry, for good.
 *
 * In memory is what a check needs, some sixty bytes an entry; the signed entries are in a file. A check that meets one reads
 * it, compares the subject, and verifies the signature unless that was done before: what is not genuine refuses no call.
 */
export class DenyList implements RevocationSink {
  readonly #options: DenyListOptions;
  /** All that is known, reinstated entries too: a late repetition of their revocation must not bring them back. */
  readonly #index = new EntryIndex();
  readonly #store: EntryStore;
  readonly #read = new Map<number, SignedRevocation>();
  readonly #listeners: ((applied: AppliedEntry) => void)[] = [];
  #removed = 0;
  #rejected = 0;
  #version = 0;
  #syncedMs: number | null = null;
  #contactMs: number | null = null;
  #inSnapshot = false;
  #news: string[] | null = null;

  constructor(options: DenyListOptions) {
    this.#options = options;
    this.#store = new EntryStore(options.directory ?? null);
  }

  /** How many live entries there are, expired ones that nobody asked for included. */
  get size(): number {
    return this.#index.live;
  }

  /** How many entries were ever known; `entries` counts them from 0. */
  get known(): number {
    return this.#index.count;
  }

  /** Grows with every change of the entries. */
  get version(): number {
    return this.#version;
  }

  /** Entries that were not signed by a pinned key. */
  get rejected(): number {
    return this.#rejected;
  }

  /** When the source was last heard of, ms since the epoch; null: never had a list. */
  get syncedMs(): number | null {
    return this.#syncedMs;
  }

  /** Called for each entry that begins to deny or is lifted, except those read from the copy on disk and old ones of a first list. */
  onApplied(listener: (applied: AppliedEntry) => void): void {
    this.#listeners.push(listener);
  }

  status(): DenyListStatus {
    if (this.#syncedMs === null) return "empty";
    const contact = this.#contactMs;
    return contact !== null && this.#options.now() - contact < STALE_AFTER_MS ? "fresh" : "stale";
  }

  /** The live entry that refuses this call, or null. Under a microsecond where none does. */
  check(subjects: CallSubjects): SignedRevocation | null {
    if (this.#index.live === 0) return null;
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

  /** The copy will be read from this file, which is the list's from now on. */
  restoreFrom(file: number): void {
    this.#store.takeOver(file);
  }

  /**
   * Takes an entry of the copy on disk. It denies from now on, but is verified before it refuses the first call.
   * @param at where its bytes are in the file of `restoreFrom`; absent: they are kept here
   */
  restore(value: unknown, at?: { offset: number; length: number }): void {
    this.#take(value, { announce: false, lazy: true, at });
  }

  /** The copy has been read. @param syncedMs when it was up to date, ms since the epoch */
  restored(syncedMs: number): void {
    this.#syncedMs = syncedMs;
  }

  /** Everything known, each entry as its JSON; `entry` is its number, for `movedTo`. */
  *entries(): Generator<{ entry: number; bytes: Buffer }> {
    for (let entry = 0; entry < this.#index.count; entry += 1) {
      const bytes = this.#bytesOf(entry);
      if (bytes !== null) yield { entry, bytes };
    }
  }

  /** The entries lie in this file now, which is the list's: what was in memory or in a file before is let go of. */
  movedTo(file: number, offsets: Float64Array): void {
    for (let entry = 0; entry < this.#index.count; entry += 1) {
      const offset = offsets[entry];
      if (offset !== undefined && offset >= 0) this.#index.moved(entry, this.#store.placeIn(offset));
    }
    this.#store.takeOver(file);
    this.#store.forgetAdded();
  }

  /** What changed since this was last asked, as lines for the copy; null: too much, or it was never asked. */
  takeNews(): string[] | null {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  snapshotBegins(): void {
    this.#inSnapshot = true;
    for (let entry = 0; entry < this.#index.count; entry += 1) this.#index.setSeen(entry, false);
  }

  entry(value: unknown): void {
    const entry = this.#take(value, { announce: true, lazy: this.#inSnapshot && this.#syncedMs === null });
    if (entry >= 0 && this.#inSnapshot) this.#index.setSeen(entry, true);
    this.contact();
  }

  loaded(): void {
    const outOfTouchMs = this.#options.now() - (this.#syncedMs ?? 0);
    if (this.#inSnapshot && outOfTouchMs > RELOAD_AFTER_MS) this.#keepOnlySeen();
    this.#inSnapshot = false;
    this.#syncedMs = this.#options.now();
    this.contact();
  }

  /** The source gave a sign of life. Counts only once the snapshot is complete. */
  contact(): void {
    if (this.#inSnapshot || this.#syncedMs === null) return;
    this.#contactMs = this.#options.now();
    this.#syncedMs = this.#contactMs;
    this.#options.onChanged?.();
  }

  /** An entry was compacted away. Unsigned, so it lifts nothing: only what denies no more is forgotten. */
  removed(id: string): void {
    const entry = this.#entryOf(id);
    if (entry < 0) return;
    if (!this.#index.isReinstated(entry) && this.#index.expiresMs(entry) > this.#options.now()) return;
    this.#forget(entry);
    this.#noteNews(JSON.stringify({ removed: id }));
    this.#options.onChanged?.();
  }

  /** Lets go of the files. */
  close(): void {
    this.#store.close();
  }

  #find(scope: RevocationScope, subject: string | undefined): SignedRevocation | null {
    if (subject === undefined || !this.#index.hasLive(scope)) return null;
    for (let entry = this.#index.firstLive(scope, subject); entry >= 0; ) {
      const next = this.#index.nextLive(entry);
      if (this.#index.expiresMs(entry) <= this.#options.now()) this.#index.unlist(entry);
      else {
        const found = this.#proven(entry);
        if (found === "lost") return this.#lost(scope, subject);
        if (found !== null && found.subject === subject && found.scope === scope) return found;
      }
      entry = next;
    }
    return null;
  }

  /** The entry itself, if it is genuine; else it is forgotten. `lost`: it was genuine, and can't be read any more. */
  #proven(entry: number): SignedRevocation | "lost" | null {
    const known = this.#read.get(entry);
    if (known !== undefined) return known;
    const value = this.#valueOf(entry);
    if (value === null && this.#index.isVerified(entry)) return "lost";
    const found = this.#index.isVerified(entry) ? asVerified(value) : this.#options.verifier.verify(value);
    if (found === null) {
      this.#reject();
      this.#forget(entry);
      return null;
    }
    this.#index.setVerified(entry);
    if (this.#read.size >= MAX_READ) this.#read.clear();
    this.#read.set(entry, found);
    return found;
  }

  /** In the place of an entry whose file was damaged or closed: its subject stays refused. */
  #lost(scope: RevocationScope, subject: string): SignedRevocation {
    return {
      v: 1,
      id: "unreadable",
      tenant: this.#options.tenant,
      scope,
      subject,
      state: "active",
      reason: "revoked; the reason can't be read any more",
      by: "unreadable",
      decided_at: new Date(this.#options.now()).toISOString(),
      key_id: "unreadable",
      signature: "",
    };
  }

  /** Applies an entry, and says which it is; -1: it is not genuine or not ours, or there is no room. */
  #take(
    value: unknown,
    {
      announce,
      lazy,
      at,
    }: { announce: boolean; lazy: boolean; at?: { offset: number; length: number } | undefined },
  ): number {
    const { now, tenant, verifier } = this.#options;
    const read = lazy && !announce ? verifier.skim(value) : verifier.read(value);
    if (read === null) return this.#reject();
    if (read.tenant !== tenant) return lazy || verifier.isGenuine(read) ? -1 : this.#reject();
    const before = this.#entryOf(read.id, read.signature);
    if (before >= 0 && this.#index.hasSignature(before, read.signature)) return before;
    const isOld = lazy && (!announce || now() - Date.parse(read.decided_at) > NEWS_MS);
    // What changes something that is known is verified at once: a lie must not lift or replace it.
    const verified = !(isOld && before < 0);
    if (verified && !verifier.isGenuine(read)) return this.#reject();
    if (before >= 0 && this.#index.isReinstated(before) && this.#proven(before) !== null) return before;
    const known = before >= 0 ? this.#entryOf(read.id) : -1; // the reinstatement may have been a lie
    if (known < 0 && this.#index.count - this.#removed >= MAX_ENTRIES) return -1;
    const bytes = at === undefined ? Buffer.from(JSON.stringify(read)) : null;
    const place = bytes === null ? this.#store.placeIn(at?.offset ?? 0) : this.#store.add(bytes);
    const length = bytes?.length ?? at?.length ?? 0;
    const entry = known < 0 ? this.#index.add(read, place, length, verified) : known;
    if (known >= 0) this.#index.replace(known, read, place, length, verified);
    this.#read.delete(entry);
    this.#version += 1;
    if (announce) this.#noteNews(bytes?.toString("utf8") ?? JSON.stringify(read));
    const changes = read.state === "active" ? this.#index.expiresMs(entry) > now() : known >= 0;
    if (announce && verified && changes) {
      for (const listener of this.#listeners) listener({ entry: read, atMs: now() });
    }
    return entry;
  }

  #noteNews(line: string): void {
    if (this.#news === null) return;
    if (this.#news.length < MAX_NEWS) this.#news.push(line);
    else this.#news = null;
  }

  #reject(): -1 {
    this.#rejected += 1;
    this.#options.onWarning({
      code: "TRIPLINE_REVOCATION_REJECTED",
      message: `a revocation was not signed by a pinned key and is ignored (${this.#rejected} so far): somebody may be forging them, or the responder's key changed`,
    });
    this.#options.onRejected?.();
    return -1;
  }

  /** @param signature of an entry that bears it there is no need to look at the rest */
  #entryOf(id: string, signature?: string): number {
    return this.#index.byId(
      id,
      (entry) =>
        (signature !== undefined && this.#index.hasSignature(entry, signature)) ||
        asVerified(this.#valueOf(entry))?.id === id,
    );
  }

  #valueOf(entry: number): unknown {
    const bytes = this.#bytesOf(entry);
    if (bytes === null) return null;
    try {
      return JSON.parse(bytes.toString("utf8"));
    } catch {
      return null; // somebody damaged the file: it counts as not genuine
    }
  }

  #bytesOf(entry: number): Buffer | null {
    if (this.#index.isRemoved(entry)) return null;
    const { place, length } = this.#index.placeOf(entry);
    return this.#store.read(place, length);
  }

  #forget(entry: number): void {
    this.#index.remove(entry);
    this.#read.delete(entry);
    this.#removed += 1;
    this.#version += 1;
  }

  #keepOnlySeen(): void {
    for (let entry = 0; entry < this.#index.count; entry += 1) {
      if (!this.#index.isRemoved(entry) && !this.#index.isSeen(entry)) this.#forget(entry);
    }
    this.#news = null;
  }
}

/** What was verified before it was kept is only looked at for its form. */
function asVerified(value: unknown): SignedRevocation | null {
  return signedRevocationSchema.safeParse(value).data ?? null;
}
