import type { McpTap } from "../mcp/mcp-tap.ts";

const MAX_SESSIONS = 10_000; // a tap without open calls is about 1 KB

/**
 * One tap for each MCP session and credential: an answer may come on another stream than its call did (a stream that was
 * resumed). The one not used for longest goes first; its open calls are then in doubt.
 */
export class SessionTaps {
  readonly #taps = new Map<string, McpTap>();

  /** @param credential the caller's credential id; a session never joins two credentials */
  get(credential: string | undefined, session: string): McpTap | undefined {
    const key = keyOf(credential, session);
    const tap = this.#taps.get(key);
    if (tap === undefined) return undefined;
    this.#taps.delete(key);
    this.#taps.set(key, tap);
    return tap;
  }

  /** Remembers the tap, unless the session has one. */
  set(credential: string | undefined, session: string, tap: McpTap): void {
    const key = keyOf(credential, session);
    if (this.#taps.has(key)) return;
    if (this.#taps.size >= MAX_SESSIONS) {
      const oldest = this.#taps.entries().next();
      if (oldest.done !== true) {
        oldest.value[1].closed("too many sessions are open");
        this.#taps.delete(oldest.value[0]);
      }
    }
    this.#taps.set(key, tap);
  }

  /** The session ended. */
  end(credential: string | undefined, session: string): void {
    const key = keyOf(credential, session);
    this.#taps.get(key)?.closed("the session ended before the answer");
    this.#taps.delete(key);
  }

  closeAll(): void {
    for (const tap of this.#taps.values()) tap.closed("the proxy stopped before the answer");
    this.#taps.clear();
  }
}

function keyOf(credential: string | undefined, session: string): string {
  return `${credential ?? ""}\n${session}`;
}
