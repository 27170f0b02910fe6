import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { isRetriable } from "@tripline/events";
import type { Deadlines, Revoker } from "@tripline/response";
import { isLive, type RevocationView } from "../revoke/revocation-view.ts";
import { Attempts } from "./attempts.ts";
import type { Gate } from "./gate.ts";
import { leaveUnlifted, liftOnce } from "./lifting.ts";
import { type NextStep, nextStep } from "./next-step.ts";
import { probeOnce, revokeOnce, type Work } from "./revoking.ts";
import { UpstreamTrail, type UpstreamTrailDeps } from "./upstream-trail.ts";

export interface UpstreamJobDeps extends UpstreamTrailDeps {
  view: RevocationView;
  deadlines(): Deadlines;
  /** As configured now; undefined when response.yaml names it no more. */
  revoker(name: string): { revoker: Revoker; gate: Gate } | undefined;
  /** Counts how an attempt ended. */
  count(revoker: string, outcome: string): void;
}

const LOG_RETRY_MS = 1000; // the log did not take a record: what was done at the issuer is done again, which changes nothing

/**
 * One revocation at one issuer, until there is nothing to do: revoke, ask until the key is refused, undo when the entry is lifted.
 * Each step is written to the trail and to the upstream topic before the next, so that whoever goes on after a crash
 * repeats one step at most, and every step may be repeated.
 */
export class UpstreamJob {
  readonly #key: string;
  readonly #deps: UpstreamJobDeps;
  readonly #trail: UpstreamTrail;
  readonly #attempts: Attempts;
  readonly #wake = new EventTarget();
  /** Woken while something was being done. */
  #woken = false;
  /** What it does now or does next, when it has waited. */
  doing: NextStep["do"] = "rest";

  /** @param attempted whether somebody may have asked the issuer before */
  constructor(key: string, attempted: boolean, deps: UpstreamJobDeps) {
    this.#key = key;
    this.#deps = deps;
    this.#trail = new UpstreamTrail(deps);
    this.#attempts = new Attempts(attempted);
  }

  /** Why the issuer does not do it now. */
  get trouble(): string | undefined {
    return this.#attempts.trouble;
  }

  /** The entry changed, or the settings: do not wait any longer. */
  wake(): void {
    this.#woken = true;
    this.#wake.dispatchEvent(new Event("wake"));
  }

  /** Resolves when nothing is left to do now, or when `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#woken = false;
        const waitMs = await this.#step(signal);
        if (waitMs === null) return;
        if (waitMs > 0) await this.#wait(waitMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isRetriable(error)) throw error;
        await this.#wait(LOG_RETRY_MS, signal);
      }
    }
  }

  /** Does one thing. Returns how long to wait before the next, ms; null when there is none. */
  async #step(signal: AbortSignal): Promise<number | null> {
    const { table, view, context, deadlines, count } = this.#deps;
    const state = table.get(this.#key);
    const entry = state === undefined ? undefined : view.entry(state.tenant, state.revocation_id);
    if (state === undefined || entry === undefined) return null; // deleted from its topic
    const now = context.now();
    const configured = this.#deps.revoker(state.revoker);
    const { do: what } = nextStep(state, {
      live: isLive(entry, now),
      decidedAt: Date.parse(entry.decided_at),
      now,
      probes: configured?.revoker.probes ?? false,
    });
    this.doing = what;
    if (what === "rest") return null;
    if (configured === undefined) return what === "lift" ? leaveUnlifted(this.#trail, entry, state) : null;
    const { revoker, gate } = configured;
    const work: Work = {
      ...{ entry, state, revoker, signal, attempts: this.#attempts, trail: this.#trail },
      deadlines: deadlines(),
      now: () => context.now(),
      count: (outcome) => count(revoker.name, outcome),
    };
    switch (what) {
      case "revoke":
        return gate.through(() => revokeOnce(work));
      case "probe":
        return gate.through(() => probeOnce(work));
      case "lift":
        return gate.through(() => liftOnce({ ...work, table, others: view.live(entry.tenant, entry, now) }));
      case "settle":
        await this.#trail.reach(state, { stage: "unverifiable" });
        return 0;
      case "give_up":
        await this.#giveUp(work);
        return 0;
    }
  }

  async #giveUp({ entry, state, trail }: Work): Promise<void> {
    const reason = "given up after a day; the issuer is not asked any more";
    if (state.alerted) await trail.record(entry, "upstream_failed", state, reason);
    const told = await trail.tell(entry, state, reason);
    await trail.reach(told, { stage: "given_up" });
    this.#attempts.anew();
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#woken) return;
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    try {
      await Promise.race([
        delay(ms, undefined, { signal: either, ref: false }),
        once(this.#wake, "wake", { signal: either }),
      ]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      enough.abort();
    }
  }
}
