import { type Halt, pipelineAlert } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { ControlsView, ControlsWriter } from "../controls/index.ts";
import type { DecisionRecords } from "../decision-records.ts";
import { raiseAlert } from "../raise-alert.ts";

/** A tenant has one halt: what stands still is all of its automatic revocation. */
const HALT_ID = "automatic-revocation";

export interface HaltsOptions {
  log: Pick<Log, "produce">;
  view: ControlsView;
  writer: ControlsWriter;
  records: DecisionRecords;
  context: ServiceContext;
}

/** Stops a tenant's automatic revocation at its limit, pages, and lets a person resume it. Every responder reads the same halts. */
export class Halts {
  readonly #options: HaltsOptions;

  constructor(options: HaltsOptions) {
    this.#options = options;
  }

  /** The last halt, resumed or not. */
  of(tenant: string): Halt | undefined {
    return this.#options.view.get(tenant, "halt", HALT_ID);
  }

  /** The halt that is in force. */
  standing(tenant: string): Halt | undefined {
    const halt = this.of(tenant);
    return halt?.resumed_at === undefined ? halt : undefined;
  }

  /** From when on revocations count against the limit: what was revoked before a person resumed does not. ms since the epoch */
  countsFrom(tenant: string, since: number): number {
    const resumedAt = this.of(tenant)?.resumed_at;
    return resumedAt === undefined ? since : Math.max(since, Date.parse(resumedAt));
  }

  /** The page first: a halt that nobody hears of would stay. Rejects with a retriable error; calling again does what is left. */
  async halt(tenant: string, reason: string): Promise<void> {
    const { log, writer, records, context } = this.#options;
    if (this.standing(tenant) !== undefined) return;
    const now = context.now();
    const at = new Date(now).toISOString();
    await raiseAlert(log, haltAlert(tenant, reason, now));
    await writer.write({ v: 1, id: HALT_ID, kind: "halt", tenant, by: "policy", at, reason });
    context.logger.error({ tenant }, `automatic revocation stopped at its limit: ${reason}`);
    await records.write(tenant, { kind: "halted", reason, by: "policy", decided_at: at });
  }

  /** @returns the halt that was in force, undefined when none was */
  async resume(tenant: string, by: string, reason: string): Promise<Halt | undefined> {
    const { writer, records, context } = this.#options;
    const halt = this.standing(tenant);
    if (halt === undefined) return undefined;
    const at = new Date(context.now()).toISOString();
    await writer.write({ ...halt, resumed_at: at, resumed_by: by });
    await records.write(tenant, { kind: "resumed", reason, by, decided_at: at });
    context.logger.warn({ tenant, by }, "automatic revocation was resumed");
    return halt;
  }
}

function haltAlert(tenant: string, reason: string, now: number) {
  return pipelineAlert({
    rule: "revocation-limit-reached",
    tenant,
    identity: new Date(now).toISOString(),
    group: "automatic_revocation=limit",
    timeMs: now,
    summary: `Automatic revocation stopped for ${tenant}: ${reason}`,
    why: "More keys were to be taken away than the limit allows. Either somebody is attacking on a broad front, or a rule is wrong, or is being made to fire. Until a person resumes it no key is taken away without one.",
    next: [
      "tripline revocations shows what was revoked, tripline calls --type decision what was withheld since",
      "revoke by hand what has to be revoked: tripline revoke",
      "if a rule is wrong: tripline response disable RULE, and tripline reinstate what it took away",
      'tripline response resume --reason "…" when it may go on',
    ],
  });
}
