import { type Revocation, revocationKey, revocationSchema } from "@tripline/events";
import { Column, EntryStore, NumberTable, TextHash } from "@tripline/interceptor";
import { keyOf } from "@tripline/response";

const FIRST_SIZE = 64;
const KEY_SALT = 1;
const ID_SALT = 2;
const SUBJECT_SALT = 3;
const BY_POLICY = 1;
const REMOVED = 2;

export interface RevocationViewOptions {
  /** Hears of each entry as it counts from now on; twice of what this process wrote itself. */
  onEntry?: ((entry: Revocation) => void) | undefined;
  /** Where the entries are kept, in a file nobody else sees. Default: in memory. */
  directory?: string | undefined;
}

/**
 * What the revocations topic says now. Fed by the topic and by what this process wrote itself, in whatever order the two
 * arrive: of one key the entry with the higher offset counts. Tenants never meet: every question names one.
 *
 * In memory are some sixty bytes for each of perhaps a million entries; the entries themselves are in a file, and are read
 * when their hashes say that they are meant.
 */
export class RevocationView {
  readonly #onEntry: ((entry: Revocation) => void) | undefined;
  readonly #store: EntryStore;
  readonly #hash = new TextHash();
  readonly #tenants = new Map<string, number>();
  readonly #tenant = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #offset = new Column((size) => new Float64Array(size), FIRST_SIZE);
  readonly #decided = new Column((size) => new Float64Array(size), FIRST_SIZE);
  readonly #place = new Column((size) => new Float64Array(size), FIRST_SIZE);
  readonly #length = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #flags = new Column((size) => new Uint8Array(size), FIRST_SIZE);
  /** The next entry about what has the same subject's hash, plus one. */
  readonly #next = new Column((size) => new Int32Array(size), FIRST_SIZE);
  readonly #keys = new HashColumn();
  readonly #ids = new HashColumn();
  readonly #subjects = new HashColumn();
  readonly #columns = [
    this.#tenant,
    this.#offset,
    this.#decided,
    this.#place,
    this.#length,
    this.#flags,
    this.#next,
  ];
  #count = 0;

  constructor({ onEntry, directory }: RevocationViewOptions = {}) {
    this.#onEntry = onEntry;
    this.#store = new EntryStore(directory ?? null);
  }

  /** An entry whose signature was verified, at its offset. */
  apply(entry: Revocation, offset: number): void {
    const key = revocationKey(entry);
    const known = this.#byKey(key);
    if (known >= 0 && at(this.#offset, known) > offset) return;
    const number = known >= 0 ? known : this.#add(entry, key);
    const bytes = Buffer.from(JSON.stringify(entry));
    this.#offset.values[number] = offset;
    this.#decided.values[number] = Date.parse(entry.decided_at);
    this.#place.values[number] = this.#store.add(bytes);
    this.#length.values[number] = bytes.length;
    this.#flags.values[number] = entry.by === "policy" ? BY_POLICY : 0;
    this.#onEntry?.(entry);
  }

  /** The key was deleted from the topic. */
  remove(key: string, offset: number): void {
    const known = this.#byKey(key);
    if (known < 0 || at(this.#offset, known) > offset) return;
    this.#offset.values[known] = offset;
    this.#flags.values[known] = REMOVED;
  }

  entry(tenant: string, id: string): Revocation | undefined {
    this.#hash.of(`${tenant}\n${id}`, ID_SALT);
    let found: Revocation | undefined;
    this.#ids.find(this.#hash, (number) => {
      const entry = this.#entry(number);
      if (entry?.tenant !== tenant || entry.id !== id) return false;
      found = entry;
      return true;
    });
    return found;
  }

  /** Entries that refuse this scope and subject at `now` (ms since the epoch). */
  live(tenant: string, target: { scope: string; subject: string }, now: number): Revocation[] {
    return this.#about(tenant, target).filter((entry) => isLive(entry, now));
  }

  /** What the policy took away from a tenant since `since` (ms since the epoch), reinstated or not: see `keyOf`. */
  automaticSince(tenant: string, since: number): Set<string> {
    const keys = new Set<string>();
    const wanted = this.#tenants.get(tenant);
    for (let number = 0; number < this.#count && wanted !== undefined; number += 1) {
      if (at(this.#flags, number) !== BY_POLICY || at(this.#decided, number) < since) continue;
      const entry = at(this.#tenant, number) === wanted ? this.#entry(number) : undefined;
      if (entry !== undefined) keys.add(keyOf(entry));
    }
    return keys;
  }

  /** When this was last decided by them, ms since the epoch; 0 when it never was. */
  lastDecidedBy(tenant: string, by: string, target: { scope: string; subject: string }): number {
    return this.#about(tenant, target)
      .filter((entry) => entry.by === by)
      .reduce((latest, { decided_at }) => Math.max(latest, Date.parse(decided_at)), 0);
  }

  /** Lets go of the file: nothing is known any more. */
  close(): void {
    this.#store.close();
  }

  /** Oldest first. */
  #about(tenant: string, target: { scope: string; subject: string }): Revocation[] {
    const key = keyOf(target);
    this.#hash.of(`${tenant}\n${key}`, SUBJECT_SALT);
    const entries: { number: number; entry: Revocation }[] = [];
    for (
      let number = this.#subjects.find(this.#hash, () => true);
      number >= 0;
      number = at(this.#next, number) - 1
    ) {
      const entry = this.#entry(number);
      if (entry?.tenant === tenant && keyOf(entry) === key) entries.push({ number, entry });
    }
    return entries.sort((a, b) => a.number - b.number).map(({ entry }) => entry);
  }

  #byKey(key: string): number {
    this.#hash.of(key, KEY_SALT);
    return this.#keys.find(this.#hash, (number) => {
      const entry = this.#read(number);
      return entry !== undefined && revocationKey(entry) === key;
    });
  }

  #add({ tenant, id, ...target }: Revocation, key: string): number {
    const number = this.#count;
    this.#count += 1;
    if (number === this.#flags.values.length) for (const column of this.#columns) column.grow(number * 2);
    const tenantNumber = this.#tenants.get(tenant) ?? this.#tenants.size;
    this.#tenants.set(tenant, tenantNumber);
    this.#tenant.values[number] = tenantNumber;
    this.#hash.of(key, KEY_SALT);
    this.#keys.add(number, this.#hash);
    this.#hash.of(`${tenant}\n${id}`, ID_SALT);
    this.#ids.add(number, this.#hash);
    this.#hash.of(`${tenant}\n${keyOf(target)}`, SUBJECT_SALT);
    const first = this.#subjects.find(this.#hash, () => true);
    this.#subjects.note(number, this.#hash);
    if (first < 0) this.#subjects.add(number, this.#hash);
    else {
      this.#next.values[number] = at(this.#next, first);
      this.#next.values[first] = number + 1;
    }
    return number;
  }

  #entry(number: number): Revocation | undefined {
    return (at(this.#flags, number) & REMOVED) === 0 ? this.#read(number) : undefined;
  }

  #read(number: number): Revocation | undefined {
    const bytes = this.#store.read(at(this.#place, number), at(this.#length, number));
    if (bytes === null)
      throw new Error("the revocations that this process keeps in a file can't be read back");
    return revocationSchema.parse(JSON.parse(bytes.toString("utf8")));
  }
}

/** Finds entries by a hash of some text of theirs. */
class HashColumn {
  readonly #low = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #high = new Column((size) => new Uint32Array(size), FIRST_SIZE);
  readonly #table = new NumberTable((number) => at(this.#low, number));

  find({ low, high }: TextHash, isIt: (number: number) => boolean): number {
    return this.#table.find(
      low,
      (number) => at(this.#low, number) === low && at(this.#high, number) === high && isIt(number),
    );
  }

  add(number: number, hash: TextHash): void {
    this.note(number, hash);
    this.#table.add(number, hash.low);
  }

  /** The hash is kept, without being found by it. */
  note(number: number, { low, high }: TextHash): void {
    if (number >= this.#low.values.length)
      for (const column of [this.#low, this.#high]) column.grow(number * 2);
    this.#low.values[number] = low;
    this.#high.values[number] = high;
  }
}

function at(column: Column<Float64Array | Uint32Array | Int32Array | Uint8Array>, number: number): number {
  return column.values[number] ?? 0;
}

/** Whether an entry refuses calls at `now` (ms since the epoch). */
export function isLive(entry: Revocation, now: number): boolean {
  return entry.state === "active" && (entry.expires_at === undefined || Date.parse(entry.expires_at) > now);
}
