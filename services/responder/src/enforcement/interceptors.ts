/** Who can refuse calls, as one partition of the events topic shows it: heartbeats, and what interceptors say they applied. */

export interface Interceptor {
  tenant: string;
  producer: string;
  boot: string;
  /** It runs under the agent's own user, which can end or bypass it. */
  advisory: boolean;
  /** When its first and its latest record were appended, ms since the epoch. */
  firstSeen: number;
  lastSeen: number;
  /** What its last heartbeat said of its deny list; absent of a producer that does not say. `none`: it can't refuse. */
  denyList?: string;
  /** Entries that it refused since its start because no pinned key had signed them. */
  rejected?: number;
}

const MAX_BOOTS = 20_000; // 300 B each; those that were silent longest go first
const FORGOTTEN_AFTER_MS = 48 * 3600 * 1000; // twice as long as anybody asks about a silent one

export function bootKey(of: { tenant: string; producer: string; boot: string }): string {
  return `${of.tenant}/${of.producer}/${of.boot}`;
}

/** The boots of one partition. A producer's heartbeats have one key, so all of its boots are here. */
export class Interceptors {
  /** In the order in which they were last heard. */
  readonly #boots = new Map<string, Interceptor>();
  /** The newest boot of each producer. */
  readonly #newest = new Map<string, string>();

  heard(
    boot: Pick<Interceptor, "tenant" | "producer" | "boot" | "advisory" | "denyList" | "rejected">,
    at: number,
  ): void {
    const key = bootKey(boot);
    const known = this.#boots.get(key);
    this.#boots.delete(key);
    this.#boots.set(key, { ...known, ...boot, firstSeen: known?.firstSeen ?? at, lastSeen: at });
    if (known === undefined) this.#newest.set(producerKey(boot), boot.boot);
    for (const [oldest, { lastSeen }] of this.#boots) {
      if (this.#boots.size <= MAX_BOOTS && at - lastSeen < FORGOTTEN_AFTER_MS) break;
      this.#boots.delete(oldest);
    }
  }

  /** It said goodbye. */
  ended(boot: { tenant: string; producer: string; boot: string }): void {
    this.#boots.delete(bootKey(boot));
    if (this.#newest.get(producerKey(boot)) === boot.boot) this.#newest.delete(producerKey(boot));
  }

  get(key: string): Interceptor | undefined {
    return this.#boots.get(key);
  }

  of(tenant: string): Interceptor[] {
    return [...this.#boots.values()].filter((boot) => boot.tenant === tenant);
  }

  all(): Interceptor[] {
    return [...this.#boots.values()];
  }

  /** Whether its producer started again and it was not heard since: what a crash leaves behind. */
  isReplaced(boot: Interceptor): boolean {
    const newest = this.#newest.get(producerKey(boot));
    if (newest === undefined || newest === boot.boot) return false;
    const later = this.#boots.get(bootKey({ ...boot, boot: newest }));
    return later !== undefined && later.firstSeen >= boot.lastSeen;
  }

  restore(boots: readonly Interceptor[]): void {
    for (const boot of boots) {
      this.#boots.set(bootKey(boot), boot);
      this.#newest.set(producerKey(boot), boot.boot);
    }
  }
}

function producerKey({ tenant, producer }: { tenant: string; producer: string }): string {
  return `${tenant}/${producer}`;
}
