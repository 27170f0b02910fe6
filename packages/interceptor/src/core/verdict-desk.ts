import type { SignedVerdict } from "@tripline/events";
import type { OnWarning } from "./warnings.ts";

const GIVEN_UP_AFTER = 3; // waits in a row without an answer: nobody judges, or the way there and back is broken
const PROBE_EVERY_MS = 1_000; // then one call a second waits, to notice that somebody judges again

/** What the desk must know of whoever reads a verdict. Null: it is not genuine. */
export type VerifyVerdict = (value: unknown) => SignedVerdict | null;

interface Waiting {
  seq: number;
  answer(verdict: SignedVerdict | null): void;
}

export interface VerdictDeskOptions {
  tenant: string;
  boot: string;
  /** Whose signatures count is known. */
  hasKeys: () => boolean;
  verify: VerifyVerdict;
  /** ms, with fractions. */
  monotonic: () => number;
  onWarning: OnWarning;
}

/** The calls of this boot that wait for a verdict. */
export class VerdictDesk {
  /** Waits that ended without a verdict. */
  unanswered = 0;
  readonly #options: VerdictDeskOptions;
  /** By the intent's record id. */
  readonly #waiting = new Map<string, Waiting>();
  #missedInARow = 0;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(options: VerdictDeskOptions) {
    this.#options = options;
  }

  /** Whether waiting makes sense now: not while nobody answers, but for a probe now and then. */
  isWorthWaiting(): boolean {
    if (!this.#options.hasKeys()) return false;
    if (this.#missedInARow < GIVEN_UP_AFTER) return true;
    const now = this.#options.monotonic();
    if (now - this.#probedAt < PROBE_EVERY_MS) return false;
    this.#probedAt = now;
    return true;
  }

  /** The verdict on this intent, or null when none came within `maxMs`. Never rejects. */
  verdictOn(intent: { id: string; seq: number }, maxMs: number): Promise<SignedVerdict | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer(null), maxMs);
      const answer = (verdict: SignedVerdict | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(intent.id);
        if (verdict === null) this.#missed();
        else this.#missedInARow = 0;
        resolve(verdict);
      };
      this.#waiting.set(intent.id, { seq: intent.seq, answer });
    });
  }

  /** A verdict came, of whomever. Looked at only where this boot waits for it. */
  take(value: unknown): void {
    const waiting = this.#waiting.get(recordIdOf(value));
    if (waiting === undefined) return;
    const { boot, onWarning, tenant, verify } = this.#options;
    const verdict = verify(value);
    if (
      verdict === null ||
      verdict.tenant !== tenant ||
      verdict.boot !== boot ||
      verdict.seq !== waiting.seq
    ) {
      onWarning({
        code: "TRIPLINE_VERDICT_REJECTED",
        message:
          "a verdict on a waiting call was not signed by a pinned key and is ignored: somebody may be forging them, or the detector's key changed",
      });
      return;
    }
    waiting.answer(verdict);
  }

  /** Nobody waits any more: all are told that there is no verdict. */
  close(): void {
    for (const { answer } of [...this.#waiting.values()]) answer(null);
  }

  #missed(): void {
    this.unanswered += 1;
    this.#missedInARow += 1;
    if (this.#missedInARow !== GIVEN_UP_AFTER) return;
    this.#options.onWarning({
      code: "TRIPLINE_NO_VERDICTS",
      message: `no verdict came for ${GIVEN_UP_AFTER} calls that waited: calls no longer wait, but for one a second, until one comes`,
    });
  }
}

function recordIdOf(value: unknown): string {
  if (typeof value !== "object" || value === null || !("record_id" in value)) return "";
  return typeof value.record_id === "string" ? value.record_id : "";
}
