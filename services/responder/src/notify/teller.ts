import { type Alert, TriplineError } from "@tripline/events";
import { MAX_ALERT_AGE_MS, type Notifier, notificationId } from "@tripline/response";
import { counter, type ServiceContext } from "@tripline/service";
import type { LogRecord } from "@tripline/stream";
import type { DecidedPositions } from "../decide/decided-positions.ts";
import type { Outcomes } from "../decide/outcomes.ts";
import { aboutAlert, type DecisionRecords } from "../decision-records.ts";
import { Patience } from "./patience.ts";

export interface TellerOptions {
  /** As configured now. */
  notifier(): Notifier;
  positions: DecidedPositions;
  outcomes: Outcomes;
  records: DecisionRecords;
  context: ServiceContext;
  /** Where people reach the console, without a slash at the end. */
  publicUrl(): string;
  /** Aborted when the responder stops. */
  signal: AbortSignal;
}

type Told = { kind: "notified" | "notify_failed"; reason: string };

/** Tells one webhook about alerts, one after the other, and records how that ended. */
export class Teller {
  readonly patience: Patience;
  readonly #options: TellerOptions;
  readonly #notifications;
  /** Told, but not yet on record: must not be told again. */
  #unrecorded: { id: string; told: Told } | undefined;

  constructor(options: TellerOptions) {
    this.#options = options;
    this.patience = new Patience(() => options.context.now());
    this.#notifications = counter(options.context.metrics, {
      name: "tripline_responder_notifications_total",
      help: "Notifications by webhook and how they ended; retry counts attempts",
      labels: ["webhook", "outcome"],
    });
  }

  /** Resolves when the alert was told or given up, and that is on record. @throws TriplineError retriable: call again later */
  async tell(alert: Alert, { partition, offset, appendTime }: LogRecord): Promise<Told["kind"]> {
    const { positions, records, context } = this.#options;
    if (!(await positions.reached(partition, offset))) {
      throw new TriplineError(
        "TRIPLINE_ALERT_UNDECIDED",
        "it is not decided yet what to do about the alert",
        {
          kind: "retriable",
        },
      );
    }
    const told =
      this.#unrecorded?.id === alert.id ? this.#unrecorded.told : await this.#attempt(alert, appendTime);
    this.#unrecorded = { id: alert.id, told };
    const decidedAt = new Date(context.now()).toISOString();
    await records.write(alert.tenant, aboutAlert(alert, { ...told, decidedAt }));
    this.#unrecorded = undefined;
    this.#notifications.inc({ webhook: this.#options.notifier().name, outcome: told.kind });
    return told.kind;
  }

  async #attempt(alert: Alert, appendTime: number): Promise<Told> {
    const { context, outcomes, publicUrl, signal } = this.#options;
    const notifier = this.#options.notifier();
    const about = `webhook ${notifier.name}`;
    if (context.now() - appendTime > MAX_ALERT_AGE_MS) {
      return { kind: "notify_failed", reason: `${about}: not reached within a day` };
    }
    this.patience.checkWait(notifier.name);
    const done = outcomes.whatWasDone(alert, context.now());
    const outcome = await notifier.notify(
      { id: notificationId(alert), alert, done, publicUrl: publicUrl() },
      signal,
    );
    if (outcome.kind === "retry" && !this.patience.isExhausted(alert.id, outcome)) {
      if (this.patience.failures === 0 && !signal.aborted) {
        context.logger.warn(
          { webhook: notifier.name, reason: outcome.reason },
          "a webhook fails; it is tried again",
        );
      }
      this.#notifications.inc({ webhook: notifier.name, outcome: "retry" });
      throw this.patience.failed(notifier.name, outcome);
    }
    this.patience.succeeded();
    if (outcome.kind === "delivered") return { kind: "notified", reason: about };
    context.logger.error({ webhook: notifier.name, reason: outcome.reason }, "a notification is given up");
    return { kind: "notify_failed", reason: `${about}: ${outcome.reason}` };
  }
}
