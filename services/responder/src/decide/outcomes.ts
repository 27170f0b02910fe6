import type { Alert, WhatWasDone } from "@tripline/events";
import { alertIdentity } from "../alert-record.ts";
import { isLive, type RevocationView } from "../revoke/revocation-view.ts";

const REMEMBERED = 10_000; // more than wait for a notification at any time but in a long outage

/** What was decided about the latest alerts, for the words of their notifications. */
export class Outcomes {
  readonly #kept = new Map<string, WhatWasDone>();
  readonly #view: RevocationView;

  constructor(view: RevocationView) {
    this.#view = view;
  }

  remember(alert: Alert, done: WhatWasDone): void {
    this.#kept.set(alertIdentity(alert), done);
    if (this.#kept.size <= REMEMBERED) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
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
    return { kind, reason: entry.reason, revocation: entry };
  }
}
