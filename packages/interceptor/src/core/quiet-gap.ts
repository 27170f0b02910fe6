const QUIET_GAP_MS = 30 * 60_000; // design: calls of one credential belong together until it is quiet this long
const MAX_CREDENTIALS = 10_000;

/** Names sessions for calls that came without one: the same credential, less than 30 minutes apart. */
export class QuietGapSessions {
  readonly #sessions = new Map<string, { id: string; last: number }>();
  readonly #newId: (timeMs: number) => string;

  constructor(newId: (timeMs: number) => string) {
    this.#newId = newId;
  }

  /** @param who the credential, or what else tells callers apart */
  of(who: string, nowMs: number): string {
    const known = this.#sessions.get(who);
    if (known !== undefined && nowMs - known.last < QUIET_GAP_MS) {
      known.last = nowMs;
      return known.id;
    }
    if (this.#sessions.size >= MAX_CREDENTIALS) this.#sessions.clear();
    const id = this.#newId(nowMs);
    this.#sessions.set(who, { id, last: nowMs });
    return id;
  }
}
