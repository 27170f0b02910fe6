import type { CallFilter, CallRow, Page, PageRequest, Store, StoreReader } from "@tripline/store";
import { type SampleTenant, sampleIncidentRow, sampleRecord } from "./sample-data.ts";

/** A store in memory for tests of the console: filters by tenant, session, credential, tool and text; pages by position. */
export function fakeStore(tenants: ReadonlyMap<string, SampleTenant>): Store {
  return {
    kind: "embedded",
    damage: async () => null,
    writer: {
      insert: unsupported,
      maxOffsets: unsupported,
      highestSeqs: unsupported,
      knownRecords: unsupported,
    },
    reader: ({ tenant, payloads }) => reader(tenants.get(tenant) ?? nothing(), payloads),
    completeness: {
      activityInLog: unsupported,
      activitySince: unsupported,
      heartbeatsInLog: unsupported,
      complete: unsupported,
      examine: unsupported,
      examineTail: unsupported,
      examineBoot: unsupported,
      heardSince: unsupported,
      waitingIntents: unsupported,
      endedCalls: unsupported,
      knownAlerts: unsupported,
      openAlerts: unsupported,
      examined: unsupported,
      saveExamined: unsupported,
    },
    deadLetters: {
      list: async () => ({ rows: [], next: null, previous: null }),
      one: async () => null,
      bytes: async () => null,
      bytesOf: async () => new Map(),
      related: async () => [],
      count: async () => [],
      inOrder: async () => [],
      open: async () => ({ open: 0, oldest: null }),
    },
    reconcile: {
      recordsAt: async () => [],
      payloadsAt: async () => [],
      alertsAt: async () => [],
      alertStatesAt: async () => [],
      lettersAt: async () => new Set(),
      knownRecords: async () => new Map(),
      knownAlerts: async () => new Set(),
      revocations: async () => [],
      incidents: async () => [],
      partitions: async () => [],
      days: async () => [],
      doubledIds: async () => [],
    },
    sealed: {
      columns: async () => {
        const none = { bytes: new Uint8Array(), mark: "0".repeat(24) };
        return { records: none, payloads: none, letters: [] };
      },
      block: async () => ({ rows: [], payloads: [], letters: [] }),
      exact: async () => ({ rows: [], payloads: [], letters: [] }),
      byId: async () => [],
      strays: async () => [],
      erasures: async () => [],
      partitions: async () => [],
    },
    eraser: {
      agedPartitions: async () => [],
      monthsSince: async () => 0,
      removable: async () => null,
      leftEnvelopes: async () => 0,
      eraseEnvelopes: async () => Promise.reject(new Error("the console removes nothing")),
      records: async () => [],
      left: async () => ({ payloads: 0, names: 0, held: 0, newest_append: null }),
      erase: unsupported,
      isArchived: async () => false,
      removals: async () => [],
      tenantsBefore: async () => [],
    },
    ping: async () => undefined,
    health: () => ({ state: "ready" }),
    tableSizes: unsupported,
    close: async () => undefined,
  };
}

const HISTORY_ROWS = 50; // of a page, fewer than the store's, so that there are several

async function unsupported(): Promise<never> {
  throw new Error("the console does not write or measure the store");
}

function nothing(): SampleTenant {
  return { calls: [], payloads: new Map(), alerts: [], revocations: [], people: [] };
}

function reader(data: SampleTenant, payloads: boolean): StoreReader {
  const newestFirst = () => [...data.calls].sort((a, b) => (a.time < b.time ? 1 : -1));
  const payloadOf = (row: CallRow) => (payloads ? (data.payloads.get(row.id) ?? null) : null);
  return {
    searchCalls: async (filter, request) => {
      const people =
        filter.principal === undefined
          ? null
          : data.people.filter(
              ({ subject_id, names }) =>
                subject_id === filter.principal ||
                names.some((name) => name.includes(filter.principal ?? "")),
            );
      const rows = newestFirst().filter((row) => matches(row, filter, people, data));
      return { ...paged(rows, request), principals: people };
    },
    history: async ({ since, until, types }, page) => {
      const rows = newestFirst()
        .reverse()
        .filter((row) => types.includes(row.type) && since <= row.time && row.time < until);
      const from = Number(page?.cursor ?? 0);
      const records = rows.slice(from, from + HISTORY_ROWS).map((row) => {
        const payload = payloadOf(row);
        return {
          envelope_text: JSON.stringify(sampleRecord(row, payload).envelope),
          has_payload: data.payloads.has(row.id),
          payload_text: payload === null ? null : JSON.stringify(payload),
          append_time: row.time,
        };
      });
      return { records, next: from + HISTORY_ROWS < rows.length ? String(from + HISTORY_ROWS) : null };
    },
    openIntents: async () => [],
    session: async (id, request) =>
      paged(
        newestFirst()
          .reverse()
          .filter((row) => row.session === id),
        request,
      ),
    record: async () => null,
    call: async (id) => {
      const row = data.calls.find((each) => each.id === id || each.call_id === id);
      if (row === undefined) return null;
      const record = sampleRecord(row, data.payloads.get(row.id) ?? null);
      return {
        call_id: row.call_id,
        intent: null,
        call: { ...record, payload: payloadOf(row) },
        in_doubt: null,
      };
    },
    alerts: async (filter, request) =>
      paged(
        data.alerts
          .map(({ row }) => row)
          .filter((row) => filter?.session === undefined || row.session === filter.session)
          .filter((row) => filter?.incident === undefined || row.incident_id === filter.incident),
        request,
      ),
    alert: async (id) => {
      const found = data.alerts.find(({ alert }) => alert.id === id);
      if (found === undefined) return null;
      const source = { generation: "memory-1", partition: 0, offset: 1, append_time: found.alert.time };
      const { incident_id } = found.row;
      return { alert: found.alert, state: found.row.state, states: [], incident_id, source };
    },
    revocations: async (filter, request) =>
      paged(
        data.revocations
          .map(({ revocation }) => revocation)
          .filter((row) => filter?.state === undefined || row.state === filter.state)
          .filter(({ alert_id }) =>
            filter?.incident === undefined
              ? true
              : data.alerts.some(({ row }) => row.id === alert_id && row.incident_id === filter.incident),
          ),
        request,
      ),
    incidents: async (filter, request) =>
      paged(
        (data.incidents ?? [])
          .map(sampleIncidentRow)
          .filter((row) => filter?.state === undefined || [filter.state].flat().includes(row.state))
          .filter((row) => filter?.severity === undefined || [filter.severity].flat().includes(row.severity))
          .filter((row) => filter?.credential === undefined || row.credential === filter.credential)
          .sort((a, b) => b.last_alert_at.localeCompare(a.last_alert_at)),
        request,
      ),
    incident: async (id) => {
      const incident = data.incidents?.find((each) => each.id === id);
      if (incident === undefined) return null;
      const source = { generation: "memory-1", partition: 0, offset: 1, append_time: incident.updated_at };
      return { incident, source };
    },
    incidentCounts: async () => ({
      counts: (data.incidents ?? []).map(({ state, severity }) => ({ state, severity, incidents: 1 })),
      newest: data.incidents?.map(({ updated_at, version }) => `${updated_at} ${version}`).join() ?? null,
    }),
    revocation: async (id) => data.revocations.find(({ revocation }) => revocation.id === id) ?? null,
    activity: async ({ since, until }) => ({
      since,
      until,
      minutes: data.calls.map((row) => ({
        minute: `${row.time.slice(0, 16)}:00.000Z`,
        calls: 1,
        failed: 0,
        denied: row.outcome === "denied" ? 1 : 0,
      })),
      tools: [],
      outcomes: [],
    }),
    producers: async () => [],
    gaps: async ({ cursor }) =>
      data.gaps?.[Number(cursor ?? 0)] ?? { gaps: [], boots: 0, records: 0, next: null },
    findPrincipals: async (text) => data.people.filter(({ subject_id }) => subject_id === text),
    names: async (ids) =>
      new Map(
        data.people
          .filter(({ subject_id }) => ids.includes(subject_id))
          .map((person) => [person.subject_id, person.names]),
      ),
  };
}

function matches(
  row: CallRow,
  filter: CallFilter,
  people: SampleTenant["people"] | null,
  data: SampleTenant,
): boolean {
  const text = filter.text;
  return (
    (filter.session === undefined || row.session === filter.session) &&
    (filter.credential === undefined || row.credential === filter.credential) &&
    (filter.tool === undefined || row.tool === filter.tool) &&
    (filter.since === undefined || row.time >= filter.since) &&
    (filter.until === undefined || row.time < filter.until) &&
    (filter.outcome === undefined || [filter.outcome].flat().some((outcome) => outcome === row.outcome)) &&
    (people === null || people.some(({ subject_id }) => subject_id === row.principal)) &&
    (text === undefined || JSON.stringify(data.payloads.get(row.id) ?? "").includes(text))
  );
}

function paged<Row>(rows: Row[], request: PageRequest = {}): Page<Row> {
  const from = Number(request.cursor ?? 0);
  const to = from + (request.limit ?? 50);
  return {
    rows: rows.slice(from, to),
    next: to < rows.length ? String(to) : null,
    previous: from > 0 ? "0" : null,
  };
}
