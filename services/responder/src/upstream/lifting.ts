import type { Revocation, Upstream } from "@tripline/events";
import { targetOf } from "./revoker-set.ts";
import type { Work } from "./revoking.ts";
import type { UpstreamTable } from "./upstream-table.ts";
import type { UpstreamTrail } from "./upstream-trail.ts";

const PATIENCE_MS = 24 * 3600 * 1000; // then whoever reinstated it has noticed

export interface Lifting extends Work {
  table: UpstreamTable;
  /** Entries that refuse the same credential now. */
  others: readonly Revocation[];
}

/** Undoes at the issuer what was done there, once. Returns how long to wait, ms, before the next step. */
export async function liftOnce(work: Lifting): Promise<number> {
  const { entry, revoker, signal, attempts, trail, table } = work;
  const state = await trail.resolved(entry, work.state, "the revocation is over");
  const left = whyLeft(work);
  if (left !== null) {
    if (left.kind !== "nothing") await trail.record(entry, left.kind, state, left.reason);
    return leave(trail, state);
  }
  const outcome = await revoker.reinstate?.(targetOf(entry), signal);
  signal.throwIfAborted();
  if (outcome === undefined) return leave(trail, state);
  work.count(`lift_${outcome.kind}`);
  if (outcome.kind !== "done") {
    const { waitMs, again } = attempts.failed("lift", outcome);
    const over = Date.parse(entry.reinstated_at ?? entry.expires_at ?? entry.decided_at);
    const givenUp = work.now() - over > PATIENCE_MS;
    if (givenUp || (outcome.kind !== "retry" && !again)) {
      const reason = `not lifted at the issuer: ${outcome.reason}`;
      await trail.record(entry, "upstream_failed", state, reason);
    }
    return givenUp ? leave(trail, state) : waitMs;
  }
  const words = [
    outcome.already === true ? "it was lifted there already" : `${revoker.name} accepts it again`,
    ...(outcome.note === undefined ? [] : [outcome.note]),
  ];
  await trail.record(entry, "upstream_reinstated", state, words.join("; "));
  await trail.reach(state, { stage: "lifted" });
  // What earlier revocations left refused for this one is lifted with it.
  for (const earlier of table.ours(state)) await trail.reach(earlier, { stage: "lifted" });
  attempts.anew();
  return 0;
}

/** The revoker is not configured any more. */
export async function leaveUnlifted(
  trail: UpstreamTrail,
  entry: Revocation,
  state: Upstream,
): Promise<number> {
  const reason = `${state.revoker} is not in response.yaml any more: lift it at the issuer by hand`;
  if (state.stage !== "wanted") await trail.record(entry, "withheld", state, reason);
  return leave(trail, await trail.resolved(entry, state, "the revocation is over"));
}

type Left = { kind: "nothing" } | { kind: "withheld" | "upstream_reinstated"; reason: string };

/** Why the issuer is left as it is; null when it is to be asked. */
function whyLeft({ state, revoker, attempts, others, table }: Lifting): Left | null {
  const [other] = others;
  if (state.stage === "wanted" && !attempts.made) return { kind: "nothing" };
  if (other !== undefined) {
    return {
      kind: "withheld",
      reason: `still refused at ${revoker.name}: revocation ${other.id} is in force`,
    };
  }
  if (state.stage === "given_up" && state.acknowledged_at === undefined) {
    return {
      kind: "withheld",
      reason: `${revoker.name} never said that it was revoked: there is nothing to lift`,
    };
  }
  if (state.stage !== "wanted" && table.ours(state).length === 0) {
    return {
      kind: "withheld",
      reason: `${revoker.name} refused it before it was revoked here: lift it there by hand if that is over too`,
    };
  }
  if (revoker.reinstate !== undefined) return null;
  return {
    kind: "upstream_reinstated",
    reason: `nothing to lift at ${revoker.name}: what was revoked stays dead, and a new key or login is needed`,
  };
}

async function leave(trail: UpstreamTrail, state: Upstream): Promise<number> {
  await trail.reach(state, { stage: "not_lifted" });
  return 0;
}
