import type { Alert, WhatWasDone } from "@tripline/events";
import { alertIdentity } from "../alert-record.ts";
import type { InFlightCall } from "../enforcement/in-flight.ts";
import { isLive, type RevocationView } from "../revoke/revocation-view.ts";

const REMEMBERED = 10_000; // more than wait for a notification at any time but in a long outage

/** What was decided about the latest alerts, for the words of their notifications. */
export class Outcomes {
  readonly #kept = new Map<string, WhatWasDone>();
  readonly #inFlight = new Map<string, InFlightCall[]>();
  readonly #view: RevocationView;

  constructor(view: RevocationView) {
    this.#view = view;
  }

  remember(alert: Alert, done: WhatWasDone): void {
    remember(this.#kept, alertIdentity(alert), done);
  }

  /** Calls that had begun and not ended when the alert's revocation was decided. */
  rememberInFlight(alert: Alert, calls: InFlightCall[]): void {
    if (calls.length > 0) remember(this.#inFlight, alertIdentity(alert), calls);
  }

  /** As it stands at `now` (ms since the epoch): a revocation may have been lifted since. After a restart the reason may be unknown. */
  whatWasDone(alert: Alert, now: number): WhatWasDone {
    const entry = this.#view.entry(alert.tenant, alert.id);
    if (entry === undefined) {
      return (
        this.#kept.get(alertIdentity(alert)) ?? {
          kind: "none",
          reason: "there is no revocation for this alert",
        }
      );
    }
    const kind = isLive(entry, now) ? "revoked" : entry.state === "active" ? "expired" : "reinstated";
    const inFlight = this.#inFlight.get(alertIdentity(alert));
    return {
      kind,
      reason: entry.reason,
      revocation: entry,
      ...(inFlight === undefined ? {} : { in_flight: inFlight }),
    };
  }
}

function remember<V>(kept: Map<string, V>, key: string, value: V): void {
  kept.set(key, value);
  if (kept.size <= REMEMBERED) return;
  const [oldest] = kept.keys();
  if (oldest !== undefined) kept.delete(oldest);
}
