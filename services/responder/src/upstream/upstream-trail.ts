import type { Revocation, Upstream } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { DecisionRecords } from "../decision-records.ts";
import { raiseAlert, resolvedAlert } from "../raise-alert.ts";
import { keyStillAccepted } from "./upstream-alerts.ts";
import { aboutUpstream } from "./upstream-records.ts";
import type { UpstreamTable } from "./upstream-table.ts";

export interface UpstreamTrailDeps {
  log: Pick<Log, "produce">;
  table: UpstreamTable;
  records: DecisionRecords;
  context: ServiceContext;
}

/** Where it is written what was done at an issuer: decisions, alerts, and the state to go on from. Durable when it returns. */
export class UpstreamTrail {
  readonly #deps: UpstreamTrailDeps;

  constructor(deps: UpstreamTrailDeps) {
    this.#deps = deps;
  }

  async record(
    entry: Revocation,
    kind: Parameters<typeof aboutUpstream>[1],
    { revoker }: Upstream,
    reason: string,
  ): Promise<void> {
    const { records, context } = this.#deps;
    await records.write(entry.tenant, aboutUpstream(entry, kind, { revoker, reason, now: context.now() }));
  }

  /** Tells on-call that the key may be alive, once for each entry and revoker. Returns the state with that. */
  async tell(entry: Revocation, state: Upstream, reason: string): Promise<Upstream> {
    if (state.alerted) return state;
    const { log, table, context } = this.#deps;
    const { revoker } = state;
    await raiseAlert(log, keyStillAccepted(entry, { revoker, reason, now: context.now() }));
    await this.record(entry, "upstream_failed", state, reason);
    context.logger.error({ revocation: entry.id, revoker, reason }, "a key stays alive at its issuer");
    const told = { ...state, alerted: true };
    await table.write(told);
    return told;
  }

  /** The state with its alert resolved, where there was one. */
  async resolved(entry: Revocation, state: Upstream, note: string): Promise<Upstream> {
    if (!state.alerted) return state;
    const { log, context } = this.#deps;
    const now = context.now();
    const alert = keyStillAccepted(entry, { revoker: state.revoker, reason: note, now });
    await raiseAlert(log, resolvedAlert(alert, note, now));
    return { ...state, alerted: false };
  }

  async reach(state: Upstream, change: Partial<Upstream>): Promise<void> {
    const at = new Date(this.#deps.context.now()).toISOString();
    await this.#deps.table.write({ ...state, ...change, at });
  }
}
