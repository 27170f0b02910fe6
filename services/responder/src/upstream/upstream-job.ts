import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { isRetriable, type Revocation, type Upstream } from "@tripline/events";
import { type Deadlines, durationMs, type Revoker, type UpstreamOutcome } from "@tripline/response";
import type { ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { DecisionRecords } from "../decision-records.ts";
import { raiseAlert, resolvedAlert } from "../raise-alert.ts";
import { isLive, type RevocationView } from "../revoke/revocation-view.ts";
import type { Gate } from "./gate.ts";
import { nextStep } from "./next-step.ts";
import { waitAfter, waitAfterProbe } from "./pace.ts";
import { targetOf } from "./revoker-set.ts";
import { keyStillAccepted } from "./upstream-alerts.ts";
import { aboutUpstream } from "./upstream-records.ts";
import type { UpstreamTable } from "./upstream-table.ts";

export interface UpstreamJobDeps {
  log: Log;
  view: RevocationView;
  table: UpstreamTable;
  records: DecisionRecords;
  context: ServiceContext;
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
  /** Why the issuer does not do it now, for health. */
  trouble: string | undefined;
  readonly #key: string;
  readonly #deps: UpstreamJobDeps;
  readonly #wake = new EventTarget();
  /** A process before this one may have asked the issuer already, or this one has. */
  #attempted: boolean;
  #failures = 0;
  #failedAs = "";
  #probes = 0;

  /** @param attempted whether somebody may have asked the issuer before */
  constructor(key: string, attempted: boolean, deps: UpstreamJobDeps) {
    this.#key = key;
    this.#attempted = attempted;
    this.#deps = deps;
  }

  /** The entry changed, or the settings: do not wait any longer. */
  wake(): void {
    this.#wake.dispatchEvent(new Event("wake"));
  }

  /** Resolves when nothing is left to do now, or when `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
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

  /** Does one thing. Returns how long to wait before the next, null when there is none. */
  async #step(signal: AbortSignal): Promise<number | null> {
    const { table, view, context } = this.#deps;
    const state = table.get(this.#key);
    const entry = state === undefined ? undefined : view.entry(state.tenant, state.revocation_id);
    if (state === undefined || entry === undefined) return null; // deleted from its topic
    const now = context.now();
    const configured = this.#deps.revoker(state.revoker);
    const step = nextStep(state, {
      live: isLive(entry, now),
      decidedAt: Date.parse(entry.decided_at),
      now,
      probes: configured?.revoker.probes ?? false,
    });
    if (step.do === "rest") return null;
    if (configured === undefined) return this.#withoutRevoker(entry, state, step.do);
    const { revoker, gate } = configured;
    switch (step.do) {
      case "revoke":
        return gate.through(() => this.#revoke(entry, state, revoker, signal));
      case "probe":
        return gate.through(() => this.#probe(entry, state, revoker, signal));
      case "settle":
        await this.#reach(state, { stage: "unverifiable" });
        return 0;
      case "give_up":
        await this.#giveUp(entry, state);
        return 0;
      case "lift":
        return gate.through(() => this.#lift(entry, state, revoker, signal));
    }
  }

  async #revoke(entry: Revocation, state: Upstream, revoker: Revoker, signal: AbortSignal): Promise<number> {
    const before = this.#attempted;
    this.#attempted = true;
    const outcome = await revoker.revoke(targetOf(entry), signal);
    signal.throwIfAborted();
    this.#deps.count(revoker.name, outcome.kind);
    if (outcome.kind !== "done") return this.#notDone(entry, state, outcome);
    const isAlready = outcome.already === true;
    const words = [
      isAlready ? "it was refused there already" : `${revoker.name} says that it is revoked`,
      ...(outcome.note === undefined ? [] : [outcome.note]),
      ...(revoker.probes ? [] : ["nobody can be asked whether it is refused"]),
    ];
    await this.#record(entry, "upstream_acknowledged", state, words.join("; "));
    // What a process before us may have done is ours: it died before it could say so.
    const ours = state.ours || !isAlready || before;
    const at = this.#now();
    const settled = revoker.probes
      ? state
      : await this.#resolved(entry, state, "the issuer has acknowledged it");
    await this.#reach(settled, { stage: "acknowledged", ours, acknowledged_at: at });
    return 0;
  }

  async #probe(entry: Revocation, state: Upstream, revoker: Revoker, signal: AbortSignal): Promise<number> {
    const result = await revoker.probe(targetOf(entry), signal);
    signal.throwIfAborted();
    if (result === "refused") {
      this.#deps.count(revoker.name, "verified");
      const afterMs = this.#deps.context.now() - Date.parse(entry.decided_at);
      const reason = `${revoker.name} refuses it, seen ${(afterMs / 1000).toFixed(1)} s after the decision`;
      await this.#record(entry, "upstream_verified", state, reason);
      const settled = await this.#resolved(entry, state, "the issuer was seen to refuse the key");
      await this.#reach(settled, { stage: "verified", verified_at: this.#now() });
      return 0;
    }
    const late = this.#isLate(entry, "verified");
    const found =
      result === "accepted"
        ? `${revoker.name} said that it is revoked and still accepts it`
        : `${revoker.name} said that it is revoked, and can't be asked whether it is`;
    this.trouble = late ? found : undefined;
    if (late)
      await this.#tell(entry, state, `${found} ${this.#deps.deadlines().verified} after the decision`);
    const told = state.alerted || late;
    if (told && !state.alerted) this.#probes = 0;
    // It said so and does not do so: say it again, now and then, before asking on.
    if (state.alerted && result === "accepted") await revoker.revoke(targetOf(entry), signal);
    const waitMs = waitAfterProbe(this.#probes++, told);
    return told ? waitMs : Math.min(waitMs, this.#untilLate(entry, "verified"));
  }

  async #giveUp(entry: Revocation, state: Upstream): Promise<void> {
    const reason = "given up after a day; the issuer is not asked any more";
    if (state.alerted) await this.#record(entry, "upstream_failed", state, reason);
    else await this.#tell(entry, state, reason);
    await this.#reach({ ...state, alerted: true }, { stage: "given_up" });
  }

  async #lift(entry: Revocation, state: Upstream, revoker: Revoker, signal: AbortSignal): Promise<number> {
    const { view, table, context } = this.#deps;
    const settled = await this.#resolved(entry, state, "the revocation is over");
    const others = view.live(entry.tenant, entry, context.now());
    const [other] = others;
    if (state.stage === "wanted" && !this.#attempted) return this.#left(settled);
    if (other !== undefined) {
      const reason = `still refused at ${revoker.name}: revocation ${other.id} is in force`;
      await this.#record(entry, "withheld", state, reason);
      return this.#left(settled);
    }
    if (state.stage === "given_up" && state.acknowledged_at === undefined) {
      await this.#record(
        entry,
        "withheld",
        state,
        `${revoker.name} never said that it was revoked: nothing to lift`,
      );
      return this.#left(settled);
    }
    if (state.stage !== "wanted" && table.ours(state).length === 0) {
      const reason = `${revoker.name} refused it before it was revoked here: lift it there by hand if that is over too`;
      await this.#record(entry, "withheld", state, reason);
      return this.#left(settled);
    }
    const reinstate = revoker.reinstate?.bind(revoker);
    if (reinstate === undefined) {
      const reason = `nothing to lift at ${revoker.name}: what was revoked stays dead, and a new key or login is needed`;
      await this.#record(entry, "upstream_reinstated", state, reason);
      return this.#left(settled);
    }
    const outcome = await reinstate(targetOf(entry), signal);
    signal.throwIfAborted();
    this.#deps.count(revoker.name, `lift_${outcome.kind}`);
    if (outcome.kind !== "done") return this.#notLifted(entry, settled, outcome);
    const words = [
      outcome.already === true ? "it was lifted there already" : `${revoker.name} accepts it again`,
      ...(outcome.note === undefined ? [] : [outcome.note]),
    ];
    await this.#record(entry, "upstream_reinstated", state, words.join("; "));
    await this.#reach(settled, { stage: "lifted" });
    // What earlier revocations left refused for this one is lifted with it.
    for (const earlier of table.ours(state)) await table.write({ ...earlier, stage: "lifted" });
    return 0;
  }

  /** The issuer did not revoke it: on-call hears of it at once where waiting does not help, else at the deadline. */
  async #notDone(
    entry: Revocation,
    state: Upstream,
    outcome: Exclude<UpstreamOutcome, { kind: "done" }>,
  ): Promise<number> {
    this.trouble = outcome.reason;
    if (outcome.kind !== "retry" || this.#isLate(entry, "upstream")) {
      await this.#tell(entry, state, outcome.reason);
    }
    const waitMs = waitAfter(outcome.kind, this.#failed(outcome.kind), askedFor(outcome));
    return state.alerted || outcome.kind !== "retry"
      ? waitMs
      : Math.max(askedFor(outcome) ?? 0, Math.min(waitMs, this.#untilLate(entry, "upstream")));
  }

  async #notLifted(
    entry: Revocation,
    state: Upstream,
    outcome: Exclude<UpstreamOutcome, { kind: "done" }>,
  ): Promise<number> {
    this.trouble = outcome.reason;
    const failures = this.#failed(`lift ${outcome.kind}`);
    const over = Date.parse(entry.reinstated_at ?? entry.expires_at ?? entry.decided_at);
    const givenUp = this.#deps.context.now() - over > LIFT_PATIENCE_MS;
    const first = failures === 0 && outcome.kind !== "retry";
    if (first || givenUp) {
      await this.#record(entry, "upstream_failed", state, `not lifted at the issuer: ${outcome.reason}`);
    }
    return givenUp ? this.#left(state) : waitAfter(outcome.kind, failures, askedFor(outcome));
  }

  async #withoutRevoker(entry: Revocation, state: Upstream, what: string): Promise<number | null> {
    if (what !== "lift") return null; // it may come back
    const reason = `${state.revoker} is not in response.yaml any more: lift it at the issuer by hand`;
    if (state.stage !== "wanted") await this.#record(entry, "withheld", state, reason);
    return this.#left(await this.#resolved(entry, state, "the revocation is over"));
  }

  async #left(state: Upstream): Promise<number> {
    await this.#reach(state, { stage: "not_lifted" });
    return 0;
  }

  /** Tells on-call, once. */
  async #tell(entry: Revocation, state: Upstream, reason: string): Promise<void> {
    if (this.#deps.table.get(this.#key)?.alerted === true) return;
    const { log, context } = this.#deps;
    const alert = keyStillAccepted(entry, { revoker: state.revoker, reason, now: context.now() });
    await raiseAlert(log, alert);
    await this.#record(entry, "upstream_failed", state, reason);
    context.logger.error(
      { revocation: entry.id, revoker: state.revoker, reason },
      "a key stays alive at its issuer",
    );
    await this.#deps.table.write({ ...state, alerted: true });
  }

  /** The state with the alert resolved, where there was one. */
  async #resolved(entry: Revocation, state: Upstream, note: string): Promise<Upstream> {
    if (!state.alerted) return state;
    const { log, context } = this.#deps;
    const alert = keyStillAccepted(entry, { revoker: state.revoker, reason: note, now: context.now() });
    await raiseAlert(log, resolvedAlert(alert, note, context.now()));
    return { ...state, alerted: false };
  }

  async #reach(state: Upstream, change: Partial<Upstream>): Promise<void> {
    this.#failures = 0;
    this.#probes = 0;
    this.trouble = undefined;
    await this.#deps.table.write({ ...state, ...change, at: this.#now() });
  }

  async #record(
    entry: Revocation,
    kind: Parameters<typeof aboutUpstream>[1],
    { revoker }: Upstream,
    reason: string,
  ): Promise<void> {
    const { records, context } = this.#deps;
    await records.write(entry.tenant, aboutUpstream(entry, kind, { revoker, reason, now: context.now() }));
  }

  #failed(as: string): number {
    this.#failures = as === this.#failedAs ? this.#failures + 1 : 0;
    this.#failedAs = as;
    return this.#failures;
  }

  #isLate(entry: Revocation, stage: "upstream" | "verified"): boolean {
    return this.#untilLate(entry, stage) <= 0;
  }

  #untilLate(entry: Revocation, stage: "upstream" | "verified"): number {
    const deadlineMs = durationMs(this.#deps.deadlines()[stage]) ?? 0;
    return Date.parse(entry.decided_at) + deadlineMs - this.#deps.context.now();
  }

  #now(): string {
    return new Date(this.#deps.context.now()).toISOString();
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
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

const LIFT_PATIENCE_MS = 24 * 3600 * 1000; // then whoever reinstated it has noticed

function askedFor(outcome: UpstreamOutcome): number | undefined {
  return outcome.kind === "retry" ? outcome.afterMs : undefined;
}
