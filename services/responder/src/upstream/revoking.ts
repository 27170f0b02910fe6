import type { Revocation, Upstream } from "@tripline/events";
import { type Deadlines, durationMs, type Revoker } from "@tripline/response";
import type { Attempts } from "./attempts.ts";
import { targetOf } from "./revoker-set.ts";
import type { UpstreamTrail } from "./upstream-trail.ts";

export interface Work {
  entry: Revocation;
  state: Upstream;
  revoker: Revoker;
  signal: AbortSignal;
  attempts: Attempts;
  trail: UpstreamTrail;
  deadlines: Deadlines;
  /** ms since the epoch */
  now(): number;
  /** Counts how an attempt ended. */
  count(outcome: string): void;
}

/** Asks the issuer once to refuse the key. Returns how long to wait, ms, before the next step. */
export async function revokeOnce(work: Work): Promise<number> {
  const { entry, state, revoker, signal, attempts, trail } = work;
  const before = attempts.made;
  attempts.made = true;
  const outcome = await revoker.revoke(targetOf(entry), signal);
  signal.throwIfAborted();
  work.count(outcome.kind);
  if (outcome.kind !== "done") {
    const { waitMs } = attempts.failed("revoke", outcome);
    const untilLate = untilDeadline(work, "upstream");
    // Where waiting does not help on-call hears of it at once, else at the deadline.
    if (outcome.kind !== "retry" || untilLate <= 0) await trail.tell(entry, state, outcome.reason);
    return outcome.kind !== "retry" || untilLate <= 0 ? waitMs : Math.min(waitMs, Math.max(untilLate, 1));
  }
  const isAlready = outcome.already === true;
  const words = [
    isAlready ? "it was refused there already" : `${revoker.name} says that it is revoked`,
    ...(outcome.note === undefined ? [] : [outcome.note]),
    ...(revoker.probes ? [] : ["nobody can be asked whether it is refused"]),
  ];
  await trail.record(entry, "upstream_acknowledged", state, words.join("; "));
  // What a process before us may have done is ours: it died before it could say so.
  const ours = state.ours || !isAlready || before;
  const acknowledged_at = new Date(work.now()).toISOString();
  const settled = revoker.probes
    ? state
    : await trail.resolved(entry, state, "the issuer has acknowledged it");
  await trail.reach(settled, { stage: "acknowledged", ours, acknowledged_at });
  attempts.anew();
  return 0;
}

/** Asks the issuer once whether it refuses the key. Returns how long to wait, ms, before the next step. */
export async function probeOnce(work: Work): Promise<number> {
  const { entry, state, revoker, signal, attempts, trail, deadlines } = work;
  const result = await revoker.probe(targetOf(entry), signal);
  signal.throwIfAborted();
  if (result === "refused") {
    work.count("verified");
    const seconds = ((work.now() - Date.parse(entry.decided_at)) / 1000).toFixed(1);
    const reason = `${revoker.name} refuses it, seen ${seconds} s after the decision`;
    await trail.record(entry, "upstream_verified", state, reason);
    const settled = await trail.resolved(entry, state, "the issuer was seen to refuse the key");
    await trail.reach(settled, { stage: "verified", verified_at: new Date(work.now()).toISOString() });
    attempts.anew();
    return 0;
  }
  const found =
    result === "accepted"
      ? `${revoker.name} said that it is revoked and still accepts it`
      : `${revoker.name} said that it is revoked, and can't be asked whether it is`;
  const untilLate = untilDeadline(work, "verified");
  if (untilLate > 0) return Math.min(attempts.alive(false), untilLate);
  if (!state.alerted) {
    attempts.anew();
    await trail.tell(entry, state, `${found} ${deadlines.verified} after the decision`);
  } else if (result === "accepted") {
    // It said so and does not do so: say it again, now and then, before asking on.
    await revoker.revoke(targetOf(entry), signal);
  }
  attempts.trouble = found;
  return attempts.alive(true);
}

function untilDeadline({ entry, deadlines, now }: Work, stage: "upstream" | "verified"): number {
  return Date.parse(entry.decided_at) + (durationMs(deadlines[stage]) ?? 0) - now();
}
