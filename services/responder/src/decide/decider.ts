import type { Alert, Revocation } from "@tripline/events";
import { type Decision, decide, keyOf, type ResponseConfig } from "@tripline/response";
import { counter, histogram, type ServiceContext } from "@tripline/service";
import { aboutAlert, type DecisionRecords, decisionOf } from "../decision-records.ts";
import type { RevocationView } from "../revoke/revocation-view.ts";
import type { RevocationWriter } from "../revoke/revocation-writer.ts";
import { DryKeys } from "./dry-keys.ts";
import type { Outcomes } from "./outcomes.ts";

export interface DeciderOptions {
  view: RevocationView;
  writer: RevocationWriter;
  records: DecisionRecords;
  outcomes: Outcomes;
  config(): ResponseConfig;
  context: ServiceContext;
}

const MINUTE_MS = 60_000;

/** Decides about alerts and carries the decision out: the revocation first, then the record of the decision. */
export class Decider {
  readonly #options: DeciderOptions;
  readonly #dryKeys = new DryKeys();
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
    const { view, outcomes, context } = this.#options;
    const now = context.now();
    const config = this.#options.config().automatic_revocation;
    const entry = view.entry(alert.tenant, alert.id);
    const since = now - config.limit.minutes * MINUTE_MS;
    const recentKeys = view.automaticSince(alert.tenant, since);
    if (isDryRun(alert, config)) {
      for (const key of this.#dryKeys.since(alert.tenant, since)) recentKeys.add(key);
    }
    const decision = decide({ alert, appendedAt, now, config, entry, recentKeys });
    const decidedAt = new Date(now).toISOString();
    await this.#carryOut(alert, decision, { appendedAt, decidedAt, entry });
    if (decision.kind === "would_revoke") this.#dryKeys.add(alert.tenant, keyOf(decision), now);
    if (decision.kind !== "revoke") outcomes.remember(alert, decision);
    const guard = decision.kind === "withheld" ? decision.guard : "";
    this.#decisions.inc({ kind: decision.kind, guard });
    return decision.kind;
  }

  async #carryOut(
    alert: Alert,
    decision: Decision,
    at: { appendedAt: number; decidedAt: string; entry: Revocation | undefined },
  ): Promise<void> {
    const { writer, records, context } = this.#options;
    if (decision.kind === "revoke") {
      const entry = revocationOf(alert, decision, at.decidedAt);
      await writer.write(entry);
      this.#seconds.observe((context.now() - at.appendedAt) / 1000);
      await records.write(alert.tenant, decisionOf(entry, "policy", entry.reason));
    } else if (decision.kind !== "none") {
      await records.write(alert.tenant, aboutAlert(alert, { ...decision, decidedAt: at.decidedAt }));
    } else if (at.entry?.state === "active" && at.entry.by === "policy") {
      // Written, but this alert never got to its end: the record of the decision may be missing.
      await records.write(alert.tenant, decisionOf(at.entry, "policy", at.entry.reason));
    }
  }
}

/** The alert's id is the entry's, so that deciding twice can't revoke twice. */
function revocationOf(alert: Alert, decision: Decision & { kind: "revoke" }, decidedAt: string): Revocation {
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

function isDryRun(alert: Alert, config: ResponseConfig["automatic_revocation"]): boolean {
  return config.dry_run || config.rules[alert.rule.id]?.dry_run === true;
}
