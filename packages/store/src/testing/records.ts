import {
  type Alert,
  type Envelope,
  type Incident,
  type Payload,
  payloadHash,
  type SignedRevocation,
  uuidv7,
} from "@tripline/events";
import {
  rowFromAlert,
  rowFromAlertState,
  rowFromEnvelope,
  rowFromIncident,
  rowFromPayload,
  rowFromRevocation,
  rowsFromIncidentAlerts,
} from "../rows/index.ts";
import type { StoreWriter } from "../write/types.ts";

export const GENERATION = "memory-1";
export const T0 = Date.UTC(2026, 10, 21, 9, 30);

export const at = (ms: number): string => new Date(T0 + ms).toISOString();

/** A UUID that is the same for the same number. */
export function id(number: number): string {
  return uuidv7(T0 + number, Buffer.from(number.toString(16).padStart(20, "0"), "hex"));
}

type Overrides = Partial<Omit<Envelope, "payload_hash">> & { payload?: Partial<Payload> };

/** The n-th record of one producer: a finished call unless told otherwise. */
export function testRecord(
  n: number,
  { payload, ...overrides }: Overrides = {},
): { envelope: Envelope; payload?: Payload } {
  const said: Payload = {
    salt: "0".repeat(32),
    args: { path: `/f/${n}` },
    result: `content ${n}`,
    ...payload,
  };
  const envelope: Envelope = {
    v: 1,
    id: id(n),
    type: "call",
    time: at(n),
    received: at(n + 1),
    tenant: "acme",
    producer: { id: "gw-1", boot: id(1_000_000), seq: n },
    actor: {
      principal: `sub_${"a".repeat(32)}`,
      agent: "helper",
      credential: "local:demo",
      assurance: "verified",
    },
    session: { id: "s-1", source: "mcp" },
    target: { server: "files", tool: "read_file", transport: "stdio" },
    call: {
      id: id(2_000_000 + n),
      method: "tools/call",
      duration_ms: 1.5,
      outcome: "ok",
      args_bytes: 20,
      result_bytes: 10,
    },
    payload_hash: payloadHash(JSON.stringify(said)),
    ...overrides,
  };
  return { envelope, payload: said };
}

/** Inserts records as the archiver does, at offsets from `first` on. */
export async function insertRecords(
  writer: StoreWriter,
  records: readonly { envelope: Envelope; payload?: Payload }[],
  first = 0,
  { generation = GENERATION, partition = 0 } = {},
): Promise<void> {
  const sourceAt = (index: number) => ({
    generation,
    partition,
    offset: first + index,
    appendTime: T0 + first + index,
  });
  const source = {
    generation,
    topic: "tripline.events",
    partition,
    first,
    last: first + records.length - 1,
  };
  const payloads = records.flatMap(({ envelope, payload }, index) =>
    payload === undefined
      ? []
      : [rowFromPayload(envelope, payload, JSON.stringify(payload), sourceAt(index))],
  );
  await writer.insert(source, { table: "payloads", lines: payloads });
  const lines = records.map(({ envelope }, index) =>
    rowFromEnvelope(envelope, JSON.stringify(envelope), true, sourceAt(index)),
  );
  await writer.insert(source, { table: "records", lines });
}

export function testAlert(n: number, overrides: Partial<Alert> = {}): Alert {
  return {
    v: 1,
    id: n.toString(16).padStart(64, "0"),
    tenant: "acme",
    rule: { id: "burst", title: "Many calls", hash: "cd".repeat(32) },
    severity: "high",
    time: at(n),
    detected_at: at(n + 5),
    record_id: id(n),
    group: "credential=local:demo",
    actor: { credential: "local:demo" },
    session: { id: "s-1" },
    target: { server: "files" },
    summary: "40 calls in 10 seconds",
    why: "an agent that is led does this",
    next: ["look at the session"],
    evidence: [{ record_id: id(n), step: "call", time: at(n) }],
    response: { revocable: true, scope: "credential", subject: "local:demo" },
    ...overrides,
  };
}

export async function insertAlerts(writer: StoreWriter, alerts: readonly Alert[], first = 0): Promise<void> {
  const source = {
    generation: GENERATION,
    topic: "tripline.alerts",
    partition: 0,
    first,
    last: first + alerts.length - 1,
  };
  const sourceAt = (index: number) => ({
    generation: GENERATION,
    partition: 0,
    offset: first + index,
    appendTime: T0 + first + index,
  });
  await writer.insert(source, {
    table: "alert_states",
    lines: alerts.flatMap((alert, index) => rowFromAlertState(alert, sourceAt(index)) ?? []),
  });
  await writer.insert(source, {
    table: "alerts",
    lines: alerts.map((alert, index) => rowFromAlert(alert, JSON.stringify(alert), sourceAt(index))),
  });
}

export function testIncident(n: number, overrides: Partial<Incident> = {}): Incident {
  const alert = overrides.alert ?? testAlert(n);
  return {
    v: 1,
    id: (0x1c_0000 + n).toString(16).padStart(64, "0"),
    version: 1,
    tenant: "acme",
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
    ...overrides,
  };
}

/** As the archiver does: the alerts that versions name, each once, then the versions. */
export async function insertIncidents(
  writer: StoreWriter,
  incidents: readonly Incident[],
  first = 0,
): Promise<void> {
  const source = {
    generation: GENERATION,
    topic: "tripline.incidents",
    partition: 0,
    first,
    last: first + incidents.length - 1,
  };
  const lines = [...new Set(incidents.flatMap(rowsFromIncidentAlerts))];
  await writer.insert(source, { table: "incident_alerts", lines });
  await writer.insert(source, {
    table: "incidents",
    lines: incidents.map((incident, index) =>
      rowFromIncident(incident, JSON.stringify(incident), {
        generation: GENERATION,
        partition: 0,
        offset: first + index,
        appendTime: T0 + first + index,
      }),
    ),
  });
}

export function testRevocation(overrides: Partial<SignedRevocation> = {}): SignedRevocation {
  return {
    v: 1,
    id: "rev-1",
    tenant: "acme",
    scope: "credential",
    subject: "local:demo",
    state: "active",
    reason: "burst",
    by: "policy",
    detected_at: at(5),
    decided_at: at(7),
    key_id: "k1",
    signature: "c2ln",
    ...overrides,
  };
}

export async function insertRevocations(
  writer: StoreWriter,
  entries: readonly SignedRevocation[],
  first = 0,
): Promise<void> {
  const source = {
    generation: GENERATION,
    topic: "tripline.revocations",
    partition: 0,
    first,
    last: first + entries.length - 1,
  };
  await writer.insert(source, {
    table: "revocations",
    lines: entries.map((entry, index) =>
      rowFromRevocation(entry, {
        generation: GENERATION,
        partition: 0,
        offset: first + index,
        appendTime: T0 + first + index + 8,
      }),
    ),
  });
}
