import { type Proposal, type Revocation, sha256Hex, type WhatWasDone } from "@tripline/events";
import { type Approval, approvedBy, durationMs, proposalState } from "@tripline/response";
import { HttpError, OneAtATime, type ServiceContext } from "@tripline/service";
import type { ControlsView, ControlsWriter } from "../controls/index.ts";
import { type DecisionPart, type DecisionRecords, decisionOf } from "../decision-records.ts";
import type { InFlightCall, Target } from "../enforcement/in-flight.ts";
import type { TriageWriter } from "../incidents/index.ts";
import type { RevocationWriter } from "../revoke/revocation-writer.ts";

const KEPT_CLOSED_MS = 7 * 24 * 3600 * 1000; // as long as the alerts topic: the same alert may come again until then
const DAY_MS = 24 * 3600 * 1000;

export interface ProposalsOptions {
  view: ControlsView;
  writer: ControlsWriter;
  revocations: RevocationWriter;
  records: DecisionRecords;
  /** Tells the incidents what became of what they say was proposed. */
  triage: Pick<TriageWriter, "done">;
  /** Calls under way that a revocation is about. */
  inFlight(target: Target): InFlightCall[];
  context: ServiceContext;
}

/**
 * Revocations that wait for several people. Nothing is refused until as many different people as were asked for have approved;
 * the entry is written before the proposal is closed, so that a crash between the two leaves it to be approved again, which
 * writes the same entry. One change at a time in this process; of two responders that take an approval in the same instant
 * one may lose it, and that person approves again.
 */
export class Proposals {
  readonly #options: ProposalsOptions;
  readonly #turns = new OneAtATime();

  constructor(options: ProposalsOptions) {
    this.#options = options;
  }

  get(tenant: string, id: string): Proposal | undefined {
    return this.#options.view.get(tenant, "proposal", id);
  }

  /** Those that can be approved now, the oldest first. */
  waiting(tenant: string): Proposal[] {
    const now = this.#options.context.now();
    return this.#options.view
      .all(tenant, "proposal")
      .filter((proposal) => proposalState(proposal, now) === "waiting");
  }

  /** @param revocation as it is to be written; its times are set anew when it is approved */
  async propose(
    revocation: Revocation,
    asked: { needs: number; by: string; reason: string; approval: Approval | undefined },
  ): Promise<Proposal> {
    const { writer, records, context } = this.#options;
    const now = context.now();
    const lapsesMs = durationMs(asked.approval?.lapses_after ?? "") ?? DAY_MS;
    const proposal: Proposal = {
      v: 1,
      id: revocation.id,
      kind: "proposal",
      tenant: revocation.tenant,
      by: asked.by,
      at: new Date(now).toISOString(),
      reason: asked.reason,
      revocation,
      needs: asked.needs,
      approved_by: asked.by === "policy" ? [] : [asked.by],
      until: new Date(now + lapsesMs).toISOString(),
    };
    await writer.write(proposal);
    await records.write(proposal.tenant, recordOf(proposal, "proposed", asked.by, asked.reason, proposal.at));
    return proposal;
  }

  /**
   * One more person approves; the last one revokes.
   * @returns the proposal as it is now, and the entry where that was written
   * @throws HttpError 404 for one that is unknown, 409 for one that waits no more or that this person has approved
   */
  approve(
    tenant: string,
    id: string,
    by: string,
  ): Promise<{ proposal: Proposal; revocation: Revocation | undefined }> {
    return this.#turns.run(async () => {
      const { writer, revocations, records, context } = this.#options;
      const now = context.now();
      const at = new Date(now).toISOString();
      const known = this.#waiting(tenant, id, now);
      if (known.approved_by.includes(by)) {
        throw new HttpError(
          409,
          "TRIPLINE_APPROVED_ALREADY",
          "you have approved this; it waits for another person",
        );
      }
      const proposal = approvedBy(known, by);
      const reason = `${proposal.approved_by.length} of ${proposal.needs} people approved`;
      if (proposal.approved_by.length < proposal.needs) {
        await writer.write(proposal);
        await records.write(tenant, recordOf(proposal, "approved", by, reason, at));
        return { proposal, revocation: undefined };
      }
      const revocation = asApproved(proposal.revocation, now);
      await revocations.write(revocation);
      const inFlight = this.#options.inFlight(revocation);
      const closed: Proposal = { ...proposal, closed: { how: "approved", by, at, reason } };
      await writer.write(closed);
      await records.write(tenant, recordOf(closed, "approved", by, reason, at));
      await records.write(tenant, decisionOf(revocation, revocation.by, revocation.reason));
      const underWay = inFlight.length === 0 ? {} : { in_flight: inFlight };
      await this.#tell(closed, { kind: "revoked", reason, revocation, ...underWay });
      return { proposal: closed, revocation };
    });
  }

  /** @throws HttpError 404 and 409 as `approve` */
  reject(tenant: string, id: string, by: string, reason: string): Promise<Proposal> {
    return this.#turns.run(async () => {
      const { context } = this.#options;
      const known = this.#waiting(tenant, id, context.now());
      return this.#close(known, "rejected", by, reason);
    });
  }

  /** Closes what nobody approved in time, and forgets what was closed long ago. For one responder of several. */
  tidy(): Promise<void> {
    return this.#turns.run(async () => {
      const { view, writer, context } = this.#options;
      const now = context.now();
      for (const proposal of view.every("proposal")) {
        const state = proposalState(proposal, now);
        if (state === "lapsed") {
          await this.#close(proposal, "lapsed", "policy", "nobody approved it in time");
        } else if (
          state === "closed" &&
          Date.parse(proposal.closed?.at ?? proposal.until) < now - KEPT_CLOSED_MS
        ) {
          await writer.remove(proposal);
        }
      }
    });
  }

  async #close(
    proposal: Proposal,
    how: "rejected" | "lapsed",
    by: string,
    reason: string,
  ): Promise<Proposal> {
    const { writer, records, context } = this.#options;
    const at = new Date(context.now()).toISOString();
    const closed: Proposal = { ...proposal, closed: { how, by, at, reason } };
    await writer.write(closed);
    await records.write(proposal.tenant, recordOf(closed, "rejected", by, `${how}: ${reason}`, at));
    await this.#tell(closed, {
      kind: "none",
      reason: `its proposal was ${how}: ${reason}`.slice(0, MAX_REASON_CHARS),
    });
    return closed;
  }

  async #tell({ tenant, revocation: { alert_id }, closed, at }: Proposal, done: WhatWasDone): Promise<void> {
    const alertId = sha256Hex.safeParse(alert_id);
    if (!alertId.success) return;
    const by = closed?.by ?? "policy";
    await this.#options.triage.done({
      ...{ kind: "done", tenant, alert_id: alertId.data },
      ...{ done, by, at: closed?.at ?? at },
    });
  }

  #waiting(tenant: string, id: string, now: number): Proposal {
    const proposal = this.get(tenant, id);
    if (proposal === undefined) {
      throw new HttpError(404, "TRIPLINE_PROPOSAL_UNKNOWN", "there is no proposal with this id");
    }
    const state = proposalState(proposal, now);
    if (state === "waiting") return proposal;
    const how = state === "lapsed" ? "it has lapsed" : `it was ${proposal.closed?.how ?? "closed"}`;
    throw new HttpError(409, "TRIPLINE_PROPOSAL_CLOSED", `this proposal waits no more: ${how}`);
  }
}

/** The entry as it is written: decided now, with as much time as was asked for. */
function asApproved(revocation: Revocation, now: number): Revocation {
  const { expires_at, decided_at, ...rest } = revocation;
  const lasts = expires_at === undefined ? undefined : Date.parse(expires_at) - Date.parse(decided_at);
  return {
    ...rest,
    decided_at: new Date(now).toISOString(),
    ...(lasts === undefined ? {} : { expires_at: new Date(now + lasts).toISOString() }),
  };
}

function recordOf(
  { revocation }: Proposal,
  kind: DecisionPart["kind"],
  by: string,
  reason: string,
  at: string,
): DecisionPart {
  return {
    kind,
    reason: reason.slice(0, MAX_REASON_CHARS),
    by,
    alert_id: revocation.alert_id,
    rule_id: revocation.rule_id,
    revocation_id: revocation.id,
    scope: revocation.scope,
    subject: revocation.subject,
    decided_at: at,
  };
}

const MAX_REASON_CHARS = 1024;
