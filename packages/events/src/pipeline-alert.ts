import type { Alert, Severity } from "./alert.ts";
import { alertId } from "./ids.ts";

/** Findings about the record itself, not about what an agent did: gaps, silent producers, lost ranges, a full disk. */
export const PIPELINE_RULES = {
  "records-missing": { title: "Records are missing", severity: "high" },
  "records-dropped": { title: "A producer dropped records", severity: "high" },
  "records-altered": { title: "Stored records differ from what their producer sent", severity: "critical" },
  "sequence-reused": { title: "A sequence number or boot id was used twice", severity: "high" },
  "producer-silent": { title: "A producer fell silent without a goodbye", severity: "medium" },
  "log-range-lost": { title: "The log lost records before they were processed", severity: "critical" },
  "ledger-damaged": { title: "The ledger does not agree with the records", severity: "critical" },
  "ledger-behind": { title: "The ledger can't be written", severity: "high" },
  "rules-broken": { title: "A rule file can't be used", severity: "high" },
  "revocation-not-enforced": { title: "A revocation is not applied everywhere", severity: "critical" },
  "key-still-accepted": { title: "The issuer still accepts a revoked key", severity: "critical" },
  "revocation-forged": { title: "Somebody forged a revocation", severity: "critical" },
  "revocation-limit-reached": { title: "Automatic revocation stopped at its limit", severity: "critical" },
  "drill-failed": { title: "The revocation drill failed", severity: "high" },
  "notifier-unreached": { title: "A notifier can't be reached", severity: "high" },
  "log-full": { title: "The log's disk is full", severity: "critical" },
} as const satisfies Record<string, { title: string; severity: Severity }>;
export type PipelineRule = keyof typeof PIPELINE_RULES;

export interface PipelineFinding {
  rule: PipelineRule;
  tenant: string;
  /** What makes two findings the same alert; stable words and positions, no captured text. */
  identity: string;
  /** What it is about, e.g. `producer=gw-1` or `partition=tripline.events/3`. */
  group: string;
  /** ms since the epoch; not part of the identity. */
  timeMs: number;
  /** One sentence. */
  summary: string;
  why: string;
  next: readonly string[];
  /** The record that shows it, where there is one. */
  recordId?: string;
}

/** The alert of a finding: the same identity gives the same id, and it never revokes anything. */
export function pipelineAlert(finding: PipelineFinding): Alert {
  const { rule, tenant, identity, group, timeMs, summary, why, next, recordId } = finding;
  const { title, severity } = PIPELINE_RULES[rule];
  const time = new Date(timeMs).toISOString();
  return {
    v: 1,
    id: alertId(tenant, rule, group, identity),
    tenant,
    rule: { id: rule, title },
    severity,
    time,
    detected_at: time,
    ...(recordId === undefined ? {} : { record_id: recordId }),
    group,
    summary,
    why,
    next: [...next],
    evidence: [],
    response: { revocable: false },
    tags: ["pipeline"],
  };
}
