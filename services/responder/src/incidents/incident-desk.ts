import { setTimeout as delay } from "node:timers/promises";
import { type Incident, TOPICS } from "@tripline/events";
import { muteOfIncident, refusalOf, type TimerSettings } from "@tripline/response";
import { HttpError, type PartHealth, type ServiceContext } from "@tripline/service";
import { type Log, type RunnerHandle, runStep } from "@tripline/stream";
import type { ControlsView, ControlsWriter } from "../controls/index.ts";
import type { DecisionRecords } from "../decision-records.ts";
import { IncidentLookup } from "./incident-lookup.ts";
import { INCIDENTS_GROUP, incidentMetrics, openIncidentStep } from "./incident-step.ts";
import { IncidentTimers } from "./incident-timers.ts";
import { OwnedBooks } from "./owned-books.ts";
import { TriageWriter } from "./triage-writer.ts";

const FOLDED_WITHIN_MS = 3000; // the change is durable then; only its effect is waited for
const ASK_EVERY_MS = 25;

export interface IncidentDeskOptions {
  log: Log;
  controls: ControlsView;
  controlsWriter: ControlsWriter;
  records: DecisionRecords;
  settings(): TimerSettings;
  context: ServiceContext;
}

/** What a person asks of an incident. */
export interface AskedChange {
  to: Incident["state"];
  by: string;
  note: string | undefined;
}

/** The step, the timers, and what people ask of incidents. */
export class IncidentDesk {
  readonly triage: TriageWriter;
  readonly #options: IncidentDeskOptions;
  readonly #books = new OwnedBooks();
  readonly #lookup: IncidentLookup;
  readonly #timers: IncidentTimers;
  #step: RunnerHandle | undefined;

  constructor(options: IncidentDeskOptions) {
    this.#options = options;
    this.triage = new TriageWriter(options.log);
    this.#lookup = new IncidentLookup(options.log, this.#books);
    this.#timers = new IncidentTimers({ ...options, books: this.#books });
  }

  async start(): Promise<void> {
    const { log, records, context } = this.#options;
    const metrics = incidentMetrics(context);
    this.#step = await runStep({
      log,
      name: INCIDENTS_GROUP,
      topic: TOPICS.triage,
      logger: context.logger,
      open: (partition) => openIncidentStep(partition, { log, books: this.#books, records, metrics }),
    });
    this.#timers.start();
  }

  async close(): Promise<void> {
    await this.#timers.stop();
    await this.#step?.close();
  }

  health(): PartHealth[] {
    const step = this.#step === undefined ? [] : [this.#step.health()];
    const { failure } = this.#timers;
    return failure === null
      ? step
      : [...step, { state: "failed", detail: `timers of incidents: ${failure}` }];
  }

  /** @throws HttpError 404 for one that the tenant does not have, or that is older than the log keeps */
  async find(tenant: string, id: string): Promise<Incident> {
    const incident = await this.#lookup.find(tenant, id);
    if (incident !== undefined) return incident;
    throw new HttpError(
      404,
      "TRIPLINE_INCIDENT_UNKNOWN",
      "there is no incident with this id, or it is older than the log keeps",
    );
  }

  /**
   * Writes what a person decided and waits until it has taken effect. `applied` is false when it has not yet, or when it came
   * too late. @throws HttpError 404 as `find`, 409 for a change that makes no sense
   */
  async change(
    tenant: string,
    id: string,
    { to, by, note }: AskedChange,
  ): Promise<{ incident: Incident; applied: boolean }> {
    const { controls, context } = this.#options;
    const before = await this.find(tenant, id);
    checkChange(before.state, to);
    const now = context.now();
    await this.triage.change(before, {
      kind: "change",
      tenant,
      incident_id: id,
      to,
      by,
      at: new Date(now).toISOString(),
      note,
      muted: muteOfIncident(controls.all(tenant, "mute"), before, now)?.id,
    });
    const deadline = performance.now() + FOLDED_WITHIN_MS;
    for (;;) {
      const incident = await this.find(tenant, id);
      if (incident.version > before.version && incident.state === to) return { incident, applied: true };
      if (performance.now() > deadline) return { incident, applied: false };
      await delay(ASK_EVERY_MS);
    }
  }
}

function checkChange(from: Incident["state"], to: Incident["state"]): void {
  const refusal = refusalOf(from, to);
  if (refusal === null) return;
  throw new HttpError(
    409,
    "TRIPLINE_INCIDENT_STATE",
    refusal === "same_state"
      ? `the incident is ${from} already`
      : `the incident is ${from}: open it again before somebody acknowledges it`,
  );
}
