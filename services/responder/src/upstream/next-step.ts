import type { Upstream } from "@tripline/events";

/** What is to be done about one revocation at one issuer. Pure: state and time decide. */
export type NextStep =
  /** Nothing until the entry changes or ends by itself. */
  | { do: "rest" }
  | { do: "revoke" }
  | { do: "probe" }
  /** Nobody can be asked: that it was acknowledged is all there is. */
  | { do: "settle" }
  /** Undo it at the issuer. */
  | { do: "lift" }
  | { do: "give_up" };

export interface Situation {
  /** The entry refuses now. */
  live: boolean;
  /** ms since the epoch, as `now` */
  decidedAt: number;
  now: number;
  /** Whether the issuer can be asked. */
  probes: boolean;
}

// An outage of the issuer, or of the person who has to help it, for a working day; then somebody decides anew.
export const PATIENCE_MS = 24 * 3600 * 1000;

export function nextStep(state: Upstream, situation: Situation): NextStep {
  const { live, now, decidedAt, probes } = situation;
  const ended = state.stage === "lifted" || state.stage === "not_lifted";
  if (!live) return { do: ended ? "rest" : "lift" };
  const patient = now - decidedAt <= PATIENCE_MS;
  switch (state.stage) {
    case "wanted":
      return { do: patient ? "revoke" : "give_up" };
    case "acknowledged":
      if (!probes) return { do: "settle" };
      return { do: patient ? "probe" : "give_up" };
    default:
      return { do: "rest" };
  }
}
