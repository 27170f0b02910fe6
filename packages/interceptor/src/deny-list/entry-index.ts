import { REVOCATION_SCOPES, type RevocationScope, type SignedRevocation } from "@tripline/events";
import type { Place } from "./entry-store.ts";
import { Column, NumberTable } from "./number-table.ts";
import { TextHash } from "./text-hash.ts";

const FIRST_SIZE = 64;
const ID_SALT = 101;
const SIGNATURE_SALT = 102;

const LIVE = 1; // denies, unless its time is over
const REINSTATED = 2;
const VERIFIED = 4;
const SEEN = 8; // in the snapshot that is being read
const REMOVED = 16;

/**
 * What a check needs of each entry, in columns of numbers: some fifty bytes, where the entry as an object takes a thousand.
 * The entry itself is in a store, at a place. Equal hashes are only likely to mean equal texts: the caller compares.
 */
export class EntryIndex {
  count = 0;
  live = 0;
  readonly #liveOf = new Uint32Array(REVOCATION_SCOPES.length);
  readonly #hash = new TextHash();
  readonly #subjectLow = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #subjectHigh = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #idLow = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #idHigh = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #signatureLow = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #signatureHigh = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #expires = new Column((size) => new Float64Array(size), FIRST_SIZE);
  readonly #place = new Column((size) => new Float64Array(size), FIRST_SIZE);
  readonly #length = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  /** The next live entry with the same subject's hash, plus one. */
  readonly #next = new Column((size) => new Int32Array(size), FIRST_SIZE);
  readonly #flags = new Column((size) => new Uint8Array(size), FIRST_SIZE);
  readonly #columns = [
    this.#subjectLow,
    this.#subjectHigh,
    this.#idLow,
    this.#idHigh,
    this.#signatureLow,
    this.#signatureHigh,
    this.#expires,
    this.#place,
    this.#length,
    this.#next,
    this.#flags,
  ];
  readonly #bySubject = new NumberTable((entry) => at(this.#subjectLow, entry));
  readonly #byId = new NumberTable((entry) => at(this.#idLow, entry));

  /** Whether any entry of this scope denies: saves hashing a subject. */
  hasLive(scope: RevocationScope): boolean {
    return (this.#liveOf[REVOCATION_SCOPES.indexOf(scope)] ?? 0) > 0;
  }

  /** The first live entry whose subject has this subject's hash; -1: none. Go on with `nextLive`. */
  firstLive(scope: RevocationScope, subject: string): number {
    this.#hash.of(subject, REVOCATION_SCOPES.indexOf(scope));
    const { low, high } = this.#hash;
    return this.#bySubject.find(
      low,
      (entry) => at(this.#subjectLow, entry) === low && at(this.#subjectHigh, entry) === high,
    );
  }

  nextLive(entry: number): number {
    return at(this.#next, entry) - 1;
  }

  /** The entry with this id's hash that `isIt`; -1: none. */
  byId(id: string, isIt: (entry: number) => boolean): number {
    this.#hash.of(id, ID_SALT);
    const { low, high } = this.#hash;
    return this.#byId.find(
      low,
      (entry) => at(this.#idLow, entry) === low && at(this.#idHigh, entry) === high && isIt(entry),
    );
  }

  /** Whether the entry bears this signature: then it is the same entry, whoever sends it again. */
  hasSignature(entry: number, signature: string): boolean {
    this.#hash.of(signature, SIGNATURE_SALT);
    return (
      at(this.#signatureLow, entry) === this.#hash.low && at(this.#signatureHigh, entry) === this.#hash.high
    );
  }

  add(about: SignedRevocation, place: Place, length: number, verified: boolean): number {
    const entry = this.count;
    if (entry === this.#flags.values.length) for (const column of this.#columns) column.grow(entry * 2);
    this.count += 1;
    this.#hash.of(about.id, ID_SALT);
    this.#idLow.values[entry] = this.#hash.low;
    this.#idHigh.values[entry] = this.#hash.high;
    this.#byId.add(entry, this.#hash.low);
    this.replace(entry, about, place, length, verified);
    return entry;
  }

  /** The same id with other content. */
  replace(entry: number, about: SignedRevocation, place: Place, length: number, verified: boolean): void {
    this.unlist(entry);
    this.#hash.of(about.subject, REVOCATION_SCOPES.indexOf(about.scope));
    this.#subjectLow.values[entry] = this.#hash.low;
    this.#subjectHigh.values[entry] = this.#hash.high;
    this.#hash.of(about.signature, SIGNATURE_SALT);
    this.#signatureLow.values[entry] = this.#hash.low;
    this.#signatureHigh.values[entry] = this.#hash.high;
    this.#expires.values[entry] =
      about.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(about.expires_at);
    this.#length.values[entry] = length;
    this.moved(entry, place);
    const scope = REVOCATION_SCOPES.indexOf(about.scope) << 5;
    this.#flags.values[entry] =
      scope | (verified ? VERIFIED : 0) | (about.state === "active" ? 0 : REINSTATED);
    if (about.state === "active") this.#list(entry);
  }

  /** It denies no more. */
  unlist(entry: number): void {
    if (!this.#has(entry, LIVE)) return;
    this.#set(entry, LIVE, false);
    this.live -= 1;
    const scope = at(this.#flags, entry) >> 5;
    this.#liveOf[scope] = (this.#liveOf[scope] ?? 1) - 1;
    const low = at(this.#subjectLow, entry);
    const high = at(this.#subjectHigh, entry);
    const first = this.#bySubject.find(
      low,
      (each) => at(this.#subjectLow, each) === low && at(this.#subjectHigh, each) === high,
    );
    const next = at(this.#next, entry);
    if (first === entry) {
      this.#bySubject.remove(entry, low);
      if (next > 0) this.#bySubject.add(next - 1, low);
    } else {
      for (let before = first; before >= 0; before = this.nextLive(before)) {
        if (this.nextLive(before) !== entry) continue;
        this.#next.values[before] = next;
        break;
      }
    }
    this.#next.values[entry] = 0;
  }

  /** Nothing is known of it any more; its number is not given away again. */
  remove(entry: number): void {
    this.unlist(entry);
    this.#byId.remove(entry, at(this.#idLow, entry));
    this.#set(entry, REMOVED, true);
  }

  isRemoved = (entry: number): boolean => this.#has(entry, REMOVED);
  isReinstated = (entry: number): boolean => this.#has(entry, REINSTATED);
  isVerified = (entry: number): boolean => this.#has(entry, VERIFIED);
  isSeen = (entry: number): boolean => this.#has(entry, SEEN);
  setVerified = (entry: number): void => this.#set(entry, VERIFIED, true);
  setSeen = (entry: number, seen: boolean): void => this.#set(entry, SEEN, seen);

  /** ms since the epoch; infinite: never. */
  expiresMs(entry: number): number {
    return at(this.#expires, entry);
  }

  placeOf(entry: number): { place: Place; length: number } {
    return { place: at(this.#place, entry), length: at(this.#length, entry) };
  }

  moved(entry: number, place: Place): void {
    this.#place.values[entry] = place;
  }

  #list(entry: number): void {
    const low = at(this.#subjectLow, entry);
    const high = at(this.#subjectHigh, entry);
    const first = this.#bySubject.find(
      low,
      (each) => at(this.#subjectLow, each) === low && at(this.#subjectHigh, each) === high,
    );
    if (first < 0) {
      this.#bySubject.add(entry, low);
      this.#next.values[entry] = 0;
    } else {
      this.#next.values[entry] = at(this.#next, first);
      this.#next.values[first] = entry + 1;
    }
    this.#set(entry, LIVE, true);
    this.live += 1;
    const scope = at(this.#flags, entry) >> 5;
    this.#liveOf[scope] = (this.#liveOf[scope] ?? 0) + 1;
  }

  #has(entry: number, flag: number): boolean {
    return (at(this.#flags, entry) & flag) !== 0;
  }

  #set(entry: number, flag: number, value: boolean): void {
    const flags = at(this.#flags, entry);
    this.#flags.values[entry] = value ? flags | flag : flags & ~flag;
  }
}

function at(column: Column<Float64Array | Uint32Array | Int32Array | Uint8Array>, entry: number): number {
  return column.values[entry] ?? 0;
}
