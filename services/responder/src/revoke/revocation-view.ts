import { type Revocation, revocationKey } from "@tripline/events";
import { keyOf } from "@tripline/response";

interface Held {
  entry: Revocation;
  offset: number;
}

/**
 * What the revocations topic says now, in memory. Fed by the topic and by what this process wrote itself, in whatever order the
 * two arrive: of one key the entry with the higher offset counts. Tenants never meet: every question names one.
 */
export class RevocationView {
  readonly #tenants = new Map<string, Map<string, Held>>();
  readonly #ids = new Map<string, { tenant: string; id: string; offset: number }>();
  readonly #onEntry: ((entry: Revocation) => void) | undefined;

  /** @param onEntry hears of each entry as it counts from now on; twice of what this process wrote itself */
  constructor(onEntry?: (entry: Revocation) => void) {
    this.#onEntry = onEntry;
  }

  /** An entry whose signature was verified, at its offset. */
  apply(entry: Revocation, offset: number): void {
    const key = revocationKey(entry);
    const known = this.#ids.get(key);
    if (known !== undefined && known.offset > offset) return;
    this.#ids.set(key, { tenant: entry.tenant, id: entry.id, offset });
    const ofTenant = this.#tenants.get(entry.tenant) ?? new Map<string, Held>();
    this.#tenants.set(entry.tenant, ofTenant);
    ofTenant.set(entry.id, { entry, offset });
    this.#onEntry?.(entry);
  }

  /** The key was deleted from the topic. */
  remove(key: string, offset: number): void {
    const known = this.#ids.get(key);
    if (known === undefined || known.offset > offset) return;
    this.#ids.delete(key);
    this.#tenants.get(known.tenant)?.delete(known.id);
  }

  entry(tenant: string, id: string): Revocation | undefined {
    return this.#tenants.get(tenant)?.get(id)?.entry;
  }

  /** Entries that refuse this scope and subject at `now` (ms since the epoch). */
  live(tenant: string, target: { scope: string; subject: string }, now: number): Revocation[] {
    return this.#entries(tenant).filter((entry) => keyOf(entry) === keyOf(target) && isLive(entry, now));
  }

  /** What the policy took away from a tenant since `since` (ms since the epoch), reinstated or not: see `keyOf`. */
  automaticSince(tenant: string, since: number): Set<string> {
    const keys = new Set<string>();
    for (const entry of this.#entries(tenant)) {
      if (entry.by === "policy" && Date.parse(entry.decided_at) >= since) keys.add(keyOf(entry));
    }
    return keys;
  }

  /** When this was last decided by them, ms since the epoch; 0 when it never was. */
  lastDecidedBy(tenant: string, by: string, target: { scope: string; subject: string }): number {
    return this.#entries(tenant)
      .filter((entry) => entry.by === by && keyOf(entry) === keyOf(target))
      .reduce((latest, { decided_at }) => Math.max(latest, Date.parse(decided_at)), 0);
  }

  #entries(tenant: string): Revocation[] {
    return [...(this.#tenants.get(tenant)?.values() ?? [])].map((held) => held.entry);
  }
}

/** Whether an entry refuses calls at `now` (ms since the epoch). */
export function isLive(entry: Revocation, now: number): boolean {
  return entry.state === "active" && (entry.expires_at === undefined || Date.parse(entry.expires_at) > now);
}
