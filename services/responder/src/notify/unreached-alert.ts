import { type Alert, type Incident, pipelineAlert } from "@tripline/events";
import type { Log, LogRecord } from "@tripline/stream";
import { raiseAlert, resolvedAlert } from "../raise-alert.ts";
import type { Patience } from "./patience.ts";

/** How long a receiver may be out of reach before the others are told; less would page for every restart of theirs. */
export const UNREACHED_AFTER_MS = 10 * 60_000;

/** Tells on-call, through the other notifiers, that one of them does not get through; once for each outage. */
export class UnreachedAlert {
  readonly #log: Pick<Log, "produce">;
  readonly #now: () => number;
  #raised: Alert | undefined;

  /** @param now ms since the epoch */
  constructor(log: Pick<Log, "produce">, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /**
   * After an attempt to tell `incident` failed. `final`: it is not tried again. The alert's id comes from the notice that
   * waits, so that it is the same after a restart. Rejects with a retriable error when the log can't take it now.
   */
  async failed(
    notifier: { name: string; to: string },
    { incident, record, final }: { incident: Incident; record: LogRecord; final: boolean },
    { failing }: Patience,
  ): Promise<void> {
    const now = this.#now();
    if (this.#raised !== undefined || failing === undefined) return;
    if (!final && now - failing.since < UNREACHED_AFTER_MS) return;
    const { name } = notifier;
    const alert = pipelineAlert({
      rule: "notifier-unreached",
      tenant: incident.tenant,
      identity: `${name}/${record.partition}/${record.offset}`,
      group: `notifier=${name}`,
      timeMs: now,
      summary: `The notifier ${name} (${notifier.to}) does not take what it is told: ${failing.reason}`,
      why: "Whoever relies on it does not hear of incidents.",
      next: [
        `Look at what is in front of ${notifier.to}, and at its settings in response.yaml.`,
        `tripline notify test ${name} says whether it works again.`,
      ],
    });
    await raiseAlert(this.#log, alert);
    this.#raised = alert;
  }

  /** An attempt succeeded. Rejects as above. */
  async succeeded(): Promise<void> {
    const raised = this.#raised;
    if (raised === undefined) return;
    await raiseAlert(this.#log, resolvedAlert(raised, "it takes what it is told again", this.#now()));
    this.#raised = undefined;
  }
}
