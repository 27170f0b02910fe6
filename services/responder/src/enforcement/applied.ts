/** What interceptors said they applied: for each revocation, which boot refuses since when, and allows again since when. */

export interface AppliedBy {
  /** RFC 3339, by the interceptor's clock. */
  active?: string;
  reinstated?: string;
}

const MAX_REVOCATIONS = 10_000; // the latest that anything was said of
const MAX_BOOTS_EACH = 5_000;

/** Of one partition. Bounded: the longest untouched revocations go first. */
export class Applied {
  readonly #revocations = new Map<string, Map<string, AppliedBy>>();

  /** @returns false where that was known */
  add(
    tenant: string,
    revocationId: string,
    boot: string,
    state: "active" | "reinstated",
    at: string,
  ): boolean {
    const key = `${tenant}/${revocationId}`;
    const boots = this.#revocations.get(key) ?? new Map<string, AppliedBy>();
    this.#revocations.delete(key);
    this.#revocations.set(key, boots);
    if (this.#revocations.size > MAX_REVOCATIONS) {
      const [oldest] = this.#revocations.keys();
      if (oldest !== undefined) this.#revocations.delete(oldest);
    }
    const known = boots.get(boot);
    if (known?.[state] !== undefined) return false;
    if (known === undefined && boots.size >= MAX_BOOTS_EACH) return false;
    boots.set(boot, { ...known, [state]: at });
    return true;
  }

  of(tenant: string, revocationId: string): ReadonlyMap<string, AppliedBy> {
    return this.#revocations.get(`${tenant}/${revocationId}`) ?? NONE;
  }

  /** For the state. */
  entries(): [string, [string, AppliedBy][]][] {
    return [...this.#revocations].map(([key, boots]) => [key, [...boots]]);
  }

  restore(entries: readonly (readonly [string, readonly (readonly [string, AppliedBy])[]])[]): void {
    for (const [key, boots] of entries) this.#revocations.set(key, new Map(boots));
  }
}

const NONE: ReadonlyMap<string, AppliedBy> = new Map();
