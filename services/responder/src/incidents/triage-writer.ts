import { type Incident, TOPICS, type Triage, triageKey } from "@tripline/events";
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
   * What was done about an alert is something else now. Whose incident it belongs to is known to one partition only, so each is
   * told: people do this rarely. Resolves when it is durable.
   */
  async done(done: Triage & { kind: "done" }): Promise<void> {
    const record = keyed(triageKey({ tenant: done.tenant, rule: "", subject: done.alert_id }), done);
    const partitions = await this.#log.partitionCount(TOPICS.triage);
    await this.#log.produce(
      TOPICS.triage,
      Array.from({ length: partitions }, (_, partition) => ({ ...record, partition })),
    );
  }
}
