import type { UpstreamOutcome } from "@tripline/response";
import { waitAfter, waitAfterProbe } from "./pace.ts";

/** What one process knows of its attempts about one key at one issuer: how to pace them, and what to say about them. */
export class Attempts {
  /** Why the issuer does not do it now, for health. */
  trouble: string | undefined;
  /** Somebody may have asked the issuer already: a process before this one, or this one. */
  made: boolean;
  #failures = 0;
  #failedAs = "";
  #probes = 0;

  constructor(made: boolean) {
    this.made = made;
  }

  /** @param what was tried @returns ms until it may be tried again, and whether it had failed so before */
  failed(
    what: string,
    outcome: Exclude<UpstreamOutcome, { kind: "done" }>,
  ): { waitMs: number; again: boolean } {
    this.trouble = outcome.reason;
    const as = `${what} ${outcome.kind}`;
    this.#failures = as === this.#failedAs ? this.#failures + 1 : 0;
    this.#failedAs = as;
    const asked = outcome.kind === "retry" ? outcome.afterMs : undefined;
    return { waitMs: waitAfter(outcome.kind, this.#failures, asked), again: this.#failures > 0 };
  }

  /** The key was found alive. @param late on-call was told already @returns ms until it may be asked again */
  alive(late: boolean): number {
    this.#probes += 1;
    return waitAfterProbe(this.#probes - 1, late);
  }

  /** Something was reached, or on-call was told: what comes next is paced anew. */
  anew(): void {
    this.trouble = undefined;
    this.#failures = 0;
    this.#failedAs = "";
    this.#probes = 0;
  }
}
