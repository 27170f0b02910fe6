const HOUR_MS = 3600 * 1000;
const ACTIVE_FOR_HOURS = 24; // a key that works office hours counts at night too
const MAX_TENANTS = 10_000;
/** Of one tenant and partition. More are not counted: a percentage of fewer keys is a lower limit. */
const MAX_KEYS = 10_000;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Which credentials of each tenant were used lately, as hashes with the hour they were last seen in. 16 B a key, bounded. */
export class ActiveKeys {
  readonly #tenants = new Map<string, Map<number, number>>();
  /** Records of one credential come one after the other: the last key is not hashed again. */
  #lastKey = "";
  #lastHour = -1;

  /** @param key of the record: `tenant/credential`, or `tenant/producer/session` where no credential is known @param at ms since the epoch */
  seen(key: string, at: number): void {
    const hour = Math.floor(at / HOUR_MS);
    if (key === this.#lastKey && hour === this.#lastHour) return;
    this.#lastKey = key;
    this.#lastHour = hour;
    const slash = key.indexOf("/");
    if (slash < 0 || !isCredential(key, slash + 1)) return;
    const tenant = key.slice(0, slash);
    let keys = this.#tenants.get(tenant);
    if (keys === undefined) {
      if (this.#tenants.size >= MAX_TENANTS) return;
      keys = new Map();
      this.#tenants.set(tenant, keys);
    }
    const hashed = fnv(key, slash + 1);
    if (keys.size >= MAX_KEYS && !keys.has(hashed)) forgetOld(keys, hour);
    if (keys.size < MAX_KEYS || keys.has(hashed)) keys.set(hashed, hour);
  }

  /** How many keys of the tenant were used in the 24 hours before `now` (ms since the epoch). */
  count(tenant: string, now: number): number {
    const keys = this.#tenants.get(tenant);
    if (keys === undefined) return 0;
    forgetOld(keys, Math.floor(now / HOUR_MS));
    return keys.size;
  }

  /** For the state. */
  entries(): [string, [number, number][]][] {
    return [...this.#tenants].map(([tenant, keys]) => [tenant, [...keys]]);
  }

  restore(entries: readonly (readonly [string, readonly (readonly [number, number])[]])[]): void {
    for (const [tenant, keys] of entries) this.#tenants.set(tenant, new Map(keys));
  }
}

function forgetOld(keys: Map<number, number>, hour: number): void {
  for (const [key, seen] of keys) if (seen < hour - ACTIVE_FOR_HOURS) keys.delete(key);
}

/** A producer's id can hold neither `:` nor what follows it in a credential's prefix. */
function isCredential(key: string, from: number): boolean {
  return key.startsWith("local:", from) || key.startsWith("key:", from) || key.startsWith("grant:", from);
}

/** FNV-1a, 32 bit: two of 10,000 keys share one now and then, which makes the count one less. */
function fnv(text: string, from: number): number {
  let value = FNV_OFFSET;
  for (let at = from; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), FNV_PRIME);
  }
  return value >>> 0;
}
