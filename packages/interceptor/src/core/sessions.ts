import type { Session } from "../interceptor.ts";
import { printableName } from "./printable.ts";

const QUIET_GAP_MS = 30 * 60_000; // design: calls of one credential belong together until it is quiet this long
const MAX_CREDENTIALS = 10_000;

/** The session as the record has it: named by the tap, else the same credential's calls less than 30 minutes apart. */
export class Sessions {
  readonly #quietGaps = new Map<string, { id: string; last: number }>();
  readonly #newId: (timeMs: number) => string;

  constructor(newId: (timeMs: number) => string) {
    this.#newId = newId;
  }

  /** @param credential of the caller, where it is known */
  of(session: Session, credential: string | undefined, timeMs: number): Session {
    const id = printableName(session.id);
    return {
      id: id ?? this.#quietGap(credential ?? "", timeMs),
      source: id === undefined ? "quiet_gap" : session.source,
      trace_id: printableName(session.trace_id),
      span_id: printableName(session.span_id),
    };
  }

  #quietGap(who: string, nowMs: number): string {
    const known = this.#quietGaps.get(who);
    if (known !== undefined && nowMs - known.last < QUIET_GAP_MS) {
      known.last = nowMs;
      return known.id;
    }
    if (this.#quietGaps.size >= MAX_CREDENTIALS) this.#quietGaps.clear();
    const id = this.#newId(nowMs);
    this.#quietGaps.set(who, { id, last: nowMs });
    return id;
  }
}
