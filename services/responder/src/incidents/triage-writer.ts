import {
  type Incident,
  type Revocation,
  sha256Hex,
  TOPICS,
  type Triage,
  triageKey,
  type WhatWasDone,
} from "@tripline/events";
import type { Log } from "@tripline/stream";
import { keyed, triageFor } from "./triage-record.ts";

/** What people decided, into the triage topic. */
export class TriageWriter {
  readonly #log: Pick<Log, "produce" | "partitionCount">;

  constructor(log: Pick<Log, "produce" | "partitionCount">) {
    this.#log = log;
  }

  /** To the partition that holds the incident. Resolves when it is durable. */
  async change(incident: Incident, change: Triage & { kind: "change" }): Promise<void> {
    await this.#log.produce(TOPICS.triage, [triageFor(incident, change)]);
  }

  /**
   * A person's revocation or reinstatement, where an alert led to it. Resolves when it is durable.
   * @param inFlight calls that were under way when it was decided
   */
  async revocation(
    entry: Revocation,
    by: string,
    inFlight: NonNullable<WhatWasDone["in_flight"]> = [],
  ): Promise<void> {
    const { tenant, alert_id: alertId, reason } = entry;
    const parsed = sha256Hex.safeParse(alertId);
    if (!parsed.success) return;
    const kind = entry.state === "active" ? "revoked" : "reinstated";
    const at = entry.reinstated_at ?? entry.decided_at;
    const underWay = inFlight.length === 0 ? {} : { in_flight: inFlight };
    const done = { kind, reason, revocation: entry, ...underWay } as const;
    await this.done({ kind: "done", tenant, alert_id: parsed.data, done, by, at });
  }

  /**
   * What was done about an alert is something else now. Which partition has the alert's incident is known there only, so each is
   * told: people do this rarely. Resolves when it is durable.
   */
  async done(news: Triage & { kind: "done" }): Promise<void> {
    const record = keyed(triageKey({ tenant: news.tenant, rule: "", subject: news.alert_id }), news);
    const partitions = await this.#log.partitionCount(TOPICS.triage);
    await this.#log.produce(
      TOPICS.triage,
      Array.from({ length: partitions }, (_, partition) => ({ ...record, partition })),
    );
  }
}
