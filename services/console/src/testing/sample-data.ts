import { type Alert, alertId, type Envelope, type Incident, type Payload } from "@tripline/events";
import type {
  AlertRow,
  CallRow,
  Gap,
  GapsPage,
  IncidentRow,
  Person,
  RevocationDetail,
  StoredRecord,
} from "@tripline/store";

/** A small tenant for tests of the console: rows as the store gives them. */
export interface SampleTenant {
  calls: CallRow[];
  payloads: Map<string, Payload>;
  alerts: { alert: Alert; row: AlertRow }[];
  revocations: RevocationDetail[];
  incidents?: Incident[];
  people: Person[];
  /** Pages, by their cursor: `1` is the second. */
  gaps?: GapsPage[];
}

export const ANA = `sub_${"a".repeat(32)}`;
const HASH = "0".repeat(64);

export function sampleUuid(n: number): string {
  return `0192f5a0-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** A call as a row; `n` numbers it, a second apart. */
export function sampleCall(n: number, startMs: number, changes: Partial<CallRow> = {}): CallRow {
  const time = new Date(startMs + n * 1000).toISOString();
  return {
    id: sampleUuid(n),
    type: "call",
    time,
    received: time,
    producer: "gw-1",
    boot: sampleUuid(0xb007),
    seq: n,
    enforcement: "enforced",
    principal: ANA,
    agent: "assistant",
    client: "test",
    credential: "local:notes",
    assurance: "verified",
    session: "s-1",
    session_source: "mcp",
    trace_id: null,
    server: "files",
    tool: "read_file",
    upstream: null,
    transport: "stdio",
    environment: null,
    call_id: sampleUuid(0xca11_0000 + n),
    method: "tools/call",
    started: time,
    deadline: null,
    duration_ms: 12.4,
    outcome: "ok",
    error_code: null,
    args_bytes: 120,
    result_bytes: 5_100,
    result_items: 3,
    truncated: false,
    decision: null,
    decision_rule: null,
    cost_usd: null,
    ...changes,
  };
}

/** The stored record behind a row. */
export function sampleRecord(row: CallRow, payload: Payload | null): StoredRecord {
  const envelope: Envelope = {
    v: 1,
    id: row.id,
    type: row.type,
    time: row.time,
    tenant: "acme",
    producer: { id: row.producer, boot: row.boot, seq: row.seq },
    actor: {
      ...(row.principal === null ? {} : { principal: row.principal }),
      ...(row.agent === null ? {} : { agent: row.agent }),
      ...(row.credential === null ? {} : { credential: row.credential }),
      assurance: "verified",
    },
    session: { ...(row.session === null ? {} : { id: row.session }), source: "mcp" },
    target: { server: row.server ?? "", tool: row.tool ?? "" },
    call: {
      id: row.call_id ?? row.id,
      method: "tools/call",
      ...(row.outcome === null ? {} : { outcome: row.outcome }),
      duration_ms: 12.4,
    },
    ...(row.decision_rule === null ? {} : { policy: { decision: "deny", rule: row.decision_rule } }),
    ...(payload === null ? {} : { payload_hash: HASH }),
  };
  return {
    envelope,
    envelope_text: JSON.stringify(envelope),
    source: { generation: "memory-1", partition: 0, offset: row.seq, append_time: row.time },
    has_payload: payload !== null,
    payload,
  };
}

/** An alert about these calls, the last of which completed it. */
export function sampleAlert(
  tenant: string,
  calls: readonly CallRow[],
  words: { summary: string; why: string },
): { alert: Alert; row: AlertRow } {
  const last = calls.at(-1);
  if (last === undefined) throw new Error("an alert needs a call");
  const id = alertId(tenant, "secret-then-send", "credential=local:notes", last.id);
  const alert: Alert = {
    v: 1,
    id,
    tenant,
    rule: { id: "secret-then-send", title: "A secret was read, then something was sent out", hash: HASH },
    severity: "critical",
    time: last.time,
    detected_at: new Date(Date.parse(last.time) + 6).toISOString(),
    record_id: last.id,
    group: "credential=local:notes",
    actor: { principal: ANA, credential: "local:notes", assurance: "verified" },
    session: { id: "s-1", source: "mcp" },
    ...words,
    next: ["Ask Ana whether she wanted this mail to be sent.", "Change the secret that was read."],
    evidence: calls.map((call, at) => ({
      record_id: call.id,
      step: at === 0 ? "reads a secret" : "sends outward",
      time: call.time,
      ...(call.server === null ? {} : { server: call.server }),
      ...(call.tool === null ? {} : { tool: call.tool }),
      outcome: "ok",
      note: at === 0 ? "the result held an AWS access key" : "the mail went to an address outside",
    })),
    score: {
      total: 6,
      contributions: [
        { name: "target_known", points: -1 },
        { name: "carries_output", points: 7, note: "the key that was read is in the mail" },
      ],
    },
    response: { revocable: true, scope: "credential", subject: "local:notes" },
  };
  const row: AlertRow = {
    id,
    time: alert.time,
    detected_at: alert.detected_at ?? null,
    rule_id: alert.rule.id,
    rule_title: alert.rule.title,
    severity: alert.severity,
    state: "open",
    state_at: null,
    ...words,
    group: alert.group,
    record_id: alert.record_id ?? null,
    principal: ANA,
    agent: null,
    credential: "local:notes",
    session: "s-1",
    server: last.server,
    tool: last.tool,
    incident_id: null,
  };
  return { alert, row };
}

/** An incident of this alert alone, as the responder opens it. Its alert's row names it. */
export function sampleIncident(
  { alert, row }: { alert: Alert; row: AlertRow },
  changes: Partial<Incident> = {},
): Incident {
  const incident: Incident = {
    v: 1,
    id: alertId(alert.tenant, "incident", alert.group, alert.id),
    version: 1,
    tenant: alert.tenant,
    rule: { id: alert.rule.id, title: alert.rule.title },
    subject: alert.group,
    severity: alert.severity,
    state: "open",
    opened_at: alert.time,
    last_alert_at: alert.time,
    updated_at: alert.time,
    alerts: 1,
    alert_ids: [alert.id],
    alert,
    done: { kind: "none", reason: "automatic revocation is off for this rule" },
    escalation: 0,
    episode: 1,
    history: [{ at: alert.time, by: "policy", kind: "opened" }],
    notice: { kind: "opened", number: 1 },
    ...changes,
  };
  row.incident_id = incident.id;
  return incident;
}

/** The row that the store makes of an incident. */
export function sampleIncidentRow(incident: Incident): IncidentRow {
  const { id, version, subject, severity, state, opened_at, last_alert_at, updated_at } = incident;
  const { alert, done, rule, alerts, escalation } = incident;
  return {
    id,
    version,
    subject,
    severity,
    state,
    opened_at,
    last_alert_at,
    updated_at,
    alerts,
    escalation,
    rule_id: rule.id,
    rule_title: rule.title,
    muted: incident.muted ?? null,
    summary: alert.summary,
    why: alert.why,
    principal: alert.actor?.principal ?? null,
    agent: alert.actor?.agent ?? null,
    credential: alert.actor?.credential ?? null,
    team: alert.actor?.team ?? null,
    session: alert.session?.id ?? null,
    server: alert.target?.server ?? null,
    tool: alert.target?.tool ?? null,
    environment: alert.target?.environment ?? null,
    done_kind: done.kind,
    done_reason: done.reason,
    revocation_id: done.revocation?.id ?? null,
  };
}

/** The revocation that an alert led to, with all its times. */
export function sampleRevocation(alert: Alert, refused: CallRow): RevocationDetail {
  const completed = Date.parse(alert.time);
  const after = (ms: number) => new Date(completed + ms).toISOString();
  return {
    revocation: {
      id: alert.id,
      scope: "credential",
      subject: "local:notes",
      state: "active",
      reason: alert.summary,
      by: "policy",
      rule_id: alert.rule.id,
      alert_id: alert.id,
      detected_at: after(6),
      decided_at: after(9),
      expires_at: null,
      reinstated_at: null,
      key_id: "k1",
      signature: "c2ln",
    },
    timing: {
      completing_record_id: alert.record_id ?? null,
      completing_record_time: alert.time,
      completing_record_appended: after(2),
      detected_at: after(6),
      decided_at: after(9),
      appended: after(11),
      applied: [{ producer: "gw-1", boot: sampleUuid(900), state: "active", at: after(14) }],
      first_denied_record_id: refused.id,
      first_denied_time: refused.time,
      applied_after_ms: 14,
      refused_after_ms: Date.parse(refused.time) - completed,
    },
    course: {
      decisions: [],
      present: [{ producer: "gw-1", boot: sampleUuid(900), advisory: false, refuses: true }],
      in_flight: [],
    },
  };
}

/** Five records of a producer that never arrived. */
export function sampleGap(changes: Partial<Gap> = {}): Gap {
  return {
    kind: "missing",
    tenant: "acme",
    producer: "gw-1",
    boot: sampleUuid(900),
    ranges: [
      { first_seq: 3, last_seq: 3 },
      { first_seq: 5, last_seq: 8 },
    ],
    more: false,
    numbers: 5,
    after: "2026-11-21T09:00:00.000Z",
    before: "2026-11-21T09:00:10.000Z",
    declared: {},
    record_id: sampleUuid(901),
    time: "2026-11-21T09:00:10.000Z",
    detail: "5 records were sent and are not stored",
    ...changes,
  };
}
