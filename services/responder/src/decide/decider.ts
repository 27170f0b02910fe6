import type { Alert, Revocation } from "@tripline/events";
import { type Decision, decide, keyOf, type ResponseConfig } from "@tripline/response";
import { counter, histogram, OneAtATime, type ServiceContext } from "@tripline/service";
import { aboutAlert, type DecisionPart, type DecisionRecords, decisionOf } from "../decision-records.ts";
import type { InFlightCall, Target } from "../enforcement/in-flight.ts";
import type { Halts } from "../guards/halts.ts";
import type { Proposals } from "../guards/proposals.ts";
import type { RevocationView } from "../revoke/revocation-view.ts";
import type { RevocationWriter } from "../revoke/revocation-writer.ts";
import { DryKeys } from "./dry-keys.ts";
import type { Outcomes } from "./outcomes.ts";

export interface DeciderOptions {
  view: RevocationView;
  writer: RevocationWriter;
  records: DecisionRecords;
  outcomes: Outcomes;
  halts: Halts;
  proposals: Proposals;
  /** What the events topic shows of the tenant. */
  watch: { activeKeys(tenant: string): number; inFlight(target: Target): InFlightCall[] };
  config(): ResponseConfig;
  context: ServiceContext;
}

const MINUTE_MS = 60_000;

/** Decides about alerts and carries the decision out: the revocation first, then the record of the decision. */
export class Decider {
  readonly #options: DeciderOptions;
  readonly #dryKeys = new DryKeys();
  /** One decision at a time, whatever partition it comes from, or two at once would both stay below the limit. */
  readonly #turns = new OneAtATime();
  readonly #decisions;
  readonly #seconds;

  constructor(options: DeciderOptions) {
    this.#options = options;
    this.#decisions = counter(options.context.metrics, {
      name: "tripline_responder_decisions_total",
      help: "Decisions about alerts by kind, and by the guard that withheld a revocation",
      labels: ["kind", "guard"],
    });
    this.#seconds = histogram(options.context.metrics, {
      name: "tripline_responder_alert_to_revocation_seconds",
      help: "From an alert's append to its topic until its revocation is durable",
    });
  }

  /**
   * Rejects with a retriable error when the log can't take it now; calling again with the same alert then does what is left.
   * @param appendedAt when the alert was appended, ms since the epoch
   */
  async handle(alert: Alert, appendedAt: number): Promise<Decision["kind"]> {
    const { outcomes, records } = this.#options;
    const { decision, decidedAt, entry } = await this.#turns.run(() => this.#decide(alert, appendedAt));
    if (decision.kind === "propose") {
      outcomes.remember(alert, { kind: "proposed", reason: proposedReason(alert, decision) });
    } else if (decision.kind !== "revoke") outcomes.remember(alert, decision);
    const record = entry === undefined ? aboutDecision(alert, decision, decidedAt) : policyRecord(entry);
    if (record !== undefined) await records.write(alert.tenant, record);
    this.#decisions.inc({
      kind: decision.kind,
      guard: decision.kind === "withheld" ? decision.guard : "",
    });
    return decision.kind;
  }

  /** Decides, and revokes at once. `entry` is the live revocation that now exists under the alert's id. */
  async #decide(
    alert: Alert,
    appendedAt: number,
  ): Promise<{ decision: Decision; decidedAt: string; entry: Revocation | undefined }> {
    const { view, writer, context, halts, proposals, watch, outcomes } = this.#options;
    const now = context.now();
    const { automatic_revocation: config, approval } = this.#options.config();
    const { tenant } = alert;
    const known = view.entry(tenant, alert.id);
    const since = halts.countsFrom(tenant, now - config.limit.minutes * MINUTE_MS);
    const recentKeys = view.automaticSince(tenant, since);
    if (isDryRun(alert, config)) {
      for (const key of this.#dryKeys.since(tenant, since)) recentKeys.add(key);
    }
    const decision = decide({
      ...{ alert, appendedAt, now, config, entry: known, recentKeys, approval },
      proposal: proposals.get(tenant, alert.id),
      halt: halts.standing(tenant),
      activeKeys: watch.activeKeys(tenant),
    });
    const decidedAt = new Date(now).toISOString();
    if (decision.kind === "would_revoke") this.#dryKeys.add(tenant, keyOf(decision), now);
    if (decision.kind === "withheld" && decision.guard === "limit" && !isDryRun(alert, config)) {
      await halts.halt(tenant, decision.reason);
    }
    if (decision.kind === "propose") {
      const { needs, reason } = decision;
      await proposals.propose(revocationOf(alert, decision, decidedAt), {
        needs,
        by: "policy",
        reason,
        approval,
      });
    }
    if (decision.kind !== "revoke") {
      // An active entry of the policy whose alert comes again: its record may be missing after a crash between the two.
      return { decision, decidedAt, entry: decision.kind === "none" ? known : undefined };
    }
    const entry = revocationOf(alert, decision, decidedAt);
    await writer.write(entry);
    this.#seconds.observe((context.now() - appendedAt) / 1000);
    outcomes.rememberInFlight(alert, watch.inFlight(entry));
    return { decision, decidedAt, entry };
  }
}

function aboutDecision(alert: Alert, decision: Decision, decidedAt: string): DecisionPart | undefined {
  return decision.kind === "would_revoke" || decision.kind === "withheld"
    ? aboutAlert(alert, { ...decision, decidedAt })
    : undefined;
}

function policyRecord(entry: Revocation): DecisionPart | undefined {
  return entry.state === "active" && entry.by === "policy"
    ? decisionOf(entry, "policy", entry.reason)
    : undefined;
}

/** The alert's id is the entry's, so that deciding twice can't revoke twice. */
function revocationOf(
  alert: Alert,
  decision: Decision & { kind: "revoke" | "propose" },
  decidedAt: string,
): Revocation {
  const { scope, subject, reason, expiresAfterMs } = decision;
  return {
    v: 1,
    id: alert.id,
    tenant: alert.tenant,
    scope,
    subject,
    state: "active",
    reason,
    by: "policy",
    rule_id: alert.rule.id,
    alert_id: alert.id,
    ...(alert.detected_at === undefined ? {} : { detected_at: alert.detected_at }),
    decided_at: decidedAt,
    ...(expiresAfterMs === undefined
      ? {}
      : { expires_at: new Date(Date.parse(decidedAt) + expiresAfterMs).toISOString() }),
  };
}

function proposedReason(alert: Alert, { needs }: Decision & { kind: "propose" }): string {
  return `it waits until ${needs} people have approved it: tripline approve ${alert.id}`;
}

function isDryRun(alert: Alert, config: ResponseConfig["automatic_revocation"]): boolean {
  return config.dry_run || config.rules[alert.rule.id]?.dry_run === true;
}
