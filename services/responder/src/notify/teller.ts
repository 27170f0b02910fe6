import { type Incident, TriplineError } from "@tripline/events";
import { type Notification, type Notifier, type NotifyOutcome, notificationOf } from "@tripline/response";
import { counter, type ServiceContext } from "@tripline/service";
import type { Log, LogRecord } from "@tripline/stream";
import type { DecisionPart, DecisionRecords } from "../decision-records.ts";
import { Patience } from "./patience.ts";
import { UnreachedAlert } from "./unreached-alert.ts";

const GIVE_UP_AFTER_MS = 24 * 3600_000; // what is a day old was dealt with, or is told by a later notice

export interface TellerOptions {
  log: Pick<Log, "produce">;
  /** As configured now. */
  notifier(): Notifier;
  records: DecisionRecords;
  context: ServiceContext;
  /** Where people reach the console, without a slash at the end. */
  publicUrl(): string;
  /** Aborted when the responder stops. */
  signal: AbortSignal;
}

type Told = { kind: "notified" | "notify_failed"; reason: string };

/** Tells one notifier about incidents, one after the other, and records how that ended. */
export class Teller {
  readonly patience: Patience;
  readonly #options: TellerOptions;
  readonly #unreached: UnreachedAlert;
  readonly #notifications;
  /** Told, but not yet on record: must not be told again. Of each partition at most one. */
  readonly #unrecorded = new Map<string, Told>();

  constructor(options: TellerOptions) {
    const { context, log } = options;
    this.#options = options;
    this.patience = new Patience(() => context.now());
    this.#unreached = new UnreachedAlert(log, () => context.now());
    this.#notifications = counter(context.metrics, {
      name: "tripline_responder_notifications_total",
      help: "Notifications by notifier and how they ended; retry counts attempts",
      labels: ["notifier", "outcome"],
    });
  }

  /** Resolves when it was told or given up, and that is on record. @throws TriplineError retriable: call again later */
  async tell(incident: Incident, record: LogRecord): Promise<Told["kind"]> {
    const { records, context, publicUrl } = this.#options;
    const notification = notificationOf(incident, publicUrl());
    if (notification === undefined) throw new TypeError("an incident without a notice is told to nobody");
    const { id } = notification;
    const told = this.#unrecorded.get(id) ?? (await this.#attempt(notification, record));
    this.#unrecorded.set(id, told);
    const { name } = this.#options.notifier();
    await records.write(incident.tenant, aboutIncident(incident, told, name, context.now()));
    this.#unrecorded.delete(id);
    this.#notifications.inc({ notifier: name, outcome: told.kind });
    return told.kind;
  }

  async #attempt(notification: Notification, record: LogRecord): Promise<Told> {
    const { context, signal } = this.#options;
    const notifier = this.#options.notifier();
    const about = `notifier ${notifier.name}`;
    if (context.now() - record.appendTime > GIVE_UP_AFTER_MS) {
      return { kind: "notify_failed", reason: `${about}: not reached within a day` };
    }
    this.patience.checkWait(notifier.name);
    const outcome = await notifier.notify(notification, signal);
    if (outcome.kind === "delivered") {
      this.patience.succeeded(notification.id);
      await this.#quietly(() => this.#unreached.succeeded());
      return { kind: "notified", reason: about };
    }
    if (outcome.kind === "retry" && !this.patience.isExhausted(notification.id, outcome)) {
      throw await this.#retry(notification, record, outcome);
    }
    this.patience.refused(notification.id, outcome.reason);
    await this.#failed(notification, record, true);
    context.logger.error({ notifier: notifier.name, reason: outcome.reason }, "a notification is given up");
    return { kind: "notify_failed", reason: `${about}: ${outcome.reason}` };
  }

  async #retry(
    notification: Notification,
    record: LogRecord,
    outcome: NotifyOutcome & { kind: "retry" },
  ): Promise<TriplineError> {
    const { context, signal } = this.#options;
    const { name } = this.#options.notifier();
    if (this.patience.failures === 0 && !signal.aborted) {
      context.logger.warn({ notifier: name, reason: outcome.reason }, "a notifier fails; it is tried again");
    }
    this.#notifications.inc({ notifier: name, outcome: "retry" });
    const error = this.patience.failed(name, outcome);
    if (!signal.aborted) await this.#failed(notification, record, false);
    return error;
  }

  #failed({ incident }: Notification, record: LogRecord, final: boolean): Promise<void> {
    return this.#quietly(() =>
      this.#unreached.failed(this.#options.notifier(), { incident, record, final }, this.patience),
    );
  }

  /** The alert about this notifier must not undo what became of the notification; it is raised with the next attempt. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      this.#options.context.logger.warn({ code: error.code }, "the alert about a notifier was not written");
    }
  }
}

function aboutIncident(incident: Incident, told: Told, via: string, now: number): DecisionPart {
  return {
    kind: told.kind,
    reason: told.reason,
    by: "policy",
    alert_id: incident.alert.id,
    rule_id: incident.rule.id,
    incident_id: incident.id,
    via,
    decided_at: new Date(now).toISOString(),
  };
}
