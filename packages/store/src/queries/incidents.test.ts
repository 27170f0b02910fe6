import type { Incident } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "../store.ts";
import {
  at,
  insertAlerts,
  insertIncidents,
  insertRevocations,
  openTemporaryStore,
  testAlert,
  testIncident,
  testRevocation,
} from "../testing/index.ts";
import type { StoreReader } from "./types.ts";

const MANY = 30; // alerts of one incident: more than it keeps ids of
const KEPT = 20;

let store: Store;
let reader: StoreReader;

/** One incident that grows by an alert with each version, and is acknowledged at last. */
const growing: Incident[] = Array.from({ length: MANY }, (_, n) =>
  testIncident(1, {
    version: n + 1,
    alerts: n + 1,
    alert_ids: Array.from({ length: MANY }, (_, k) => testAlert(k).id).slice(
      Math.max(0, n + 1 - KEPT),
      n + 1,
    ),
    alert: testAlert(n, { severity: n === 10 ? "critical" : "high" }),
    severity: n < 10 ? "high" : "critical",
    last_alert_at: at(n),
    updated_at: at(n),
  }),
);
const acknowledged: Incident = {
  ...growing[MANY - 1],
  ...testIncident(1),
  version: MANY + 1,
  alerts: MANY,
  alert_ids: growing[MANY - 1]?.alert_ids ?? [],
  state: "acknowledged",
  severity: "critical",
  last_alert_at: at(MANY - 1),
  updated_at: at(500),
  history: [
    { at: at(0), by: "policy", kind: "opened" },
    { at: at(500), by: "ana", kind: "acknowledged", note: "looking" },
  ],
};
const elsewhere = testIncident(2, {
  alert: testAlert(2_000, {
    rule: { id: "other", title: "Other" },
    severity: "low",
    actor: { credential: "local:other", team: "payments" },
    target: { server: "mail", tool: "send", environment: "production" },
  }),
});
const foreign = testIncident(3, { tenant: "globex", alert: testAlert(3_000, { tenant: "globex" }) });

beforeAll(async () => {
  store = await openTemporaryStore();
  reader = store.reader({ tenant: "acme", payloads: true });
  await insertAlerts(
    store.writer,
    Array.from({ length: MANY }, (_, n) => testAlert(n)),
  );
  await insertRevocations(store.writer, [
    testRevocation({ id: testAlert(3).id, alert_id: testAlert(3).id }),
    testRevocation({ id: "by-hand" }),
  ]);
  await insertIncidents(store.writer, growing);
  // Newest first: the order of arrival decides nothing.
  await insertIncidents(store.writer, [acknowledged, elsewhere, foreign], MANY);
  await insertIncidents(store.writer, growing.slice(0, 3), MANY + 3);
});
afterAll(() => store.close());

describe("incidents", () => {
  it("come once, in their newest version", async () => {
    const { rows } = await reader.incidents();
    expect(rows.map(({ id, version, state, alerts }) => [id, version, state, alerts])).toEqual([
      [elsewhere.id, 1, "open", 1],
      [acknowledged.id, MANY + 1, "acknowledged", MANY],
    ]);
    expect(rows[0]).toMatchObject({
      team: "payments",
      environment: "production",
      server: "mail",
      tool: "send",
      done_kind: "none",
      muted: null,
      revocation_id: null,
    });
  });

  it("are found by what they are about", async () => {
    const ids = async (filter: Parameters<StoreReader["incidents"]>[0]) =>
      (await reader.incidents(filter)).rows.map((row) => row.id);
    expect(await ids({ state: "open" })).toEqual([elsewhere.id]);
    expect(await ids({ state: ["open", "acknowledged"] })).toHaveLength(2);
    expect(await ids({ severity: "critical" })).toEqual([acknowledged.id]);
    expect(await ids({ rule: "other" })).toEqual([elsewhere.id]);
    expect(await ids({ credential: "local:demo" })).toEqual([acknowledged.id]);
    expect(await ids({ server: "mail" })).toEqual([elsewhere.id]);
    expect(await ids({ since: at(1_000) })).toEqual([elsewhere.id]);
    expect(await ids({ until: at(1_000) })).toEqual([acknowledged.id]);
    expect(await ids({ rule: "' OR 1=1 --" })).toEqual([]);
    await expect(ids({ state: [] })).rejects.toMatchObject({ code: "TRIPLINE_STORE_FILTER_INVALID" });
  });

  it("page both ways", async () => {
    const first = await reader.incidents({}, { limit: 1 });
    const second = await reader.incidents({}, { limit: 1, cursor: first.next ?? "" });
    expect(second.rows.map((row) => row.id)).toEqual([acknowledged.id]);
    expect(second.next).toBeNull();
    const back = await reader.incidents({}, { limit: 1, cursor: second.previous ?? "" });
    expect(back.rows).toEqual(first.rows);
  });

  it("are whole with their history, their alerts and what was revoked", async () => {
    expect((await reader.incident(acknowledged.id))?.incident).toEqual(acknowledged);
    const alerts = await reader.alerts({ incident: acknowledged.id }, { limit: 500 });
    expect(alerts.rows).toHaveLength(MANY); // also those whose ids it has dropped
    expect(alerts.rows.every((row) => row.incident_id === acknowledged.id)).toBe(true);
    expect((await reader.alert(testAlert(0).id))?.incident_id).toBe(acknowledged.id);
    const revoked = await reader.revocations({ incident: acknowledged.id });
    expect(revoked.rows.map((row) => row.id)).toEqual([testAlert(3).id]);
    expect((await reader.revocations({ incident: elsewhere.id })).rows).toEqual([]);
  });

  it("are counted by state and severity", async () => {
    const before = await reader.incidentCounts();
    expect(before.counts).toEqual([
      { state: "acknowledged", severity: "critical", incidents: 1 },
      { state: "open", severity: "low", incidents: 1 },
    ]);
    await insertIncidents(store.writer, [{ ...elsewhere, version: 2, updated_at: at(9_000) }], MANY + 6);
    const after = await reader.incidentCounts();
    expect(after.counts).toEqual(before.counts);
    expect(after.newest).not.toBe(before.newest);
    expect(await store.reader({ tenant: "nobody", payloads: true }).incidentCounts()).toEqual({
      counts: [],
      newest: null,
    });
  });

  it("are their tenant's alone", async () => {
    expect(await reader.incident(foreign.id)).toBeNull();
    const theirs = store.reader({ tenant: "globex", payloads: true });
    expect((await theirs.incidents()).rows.map((row) => row.id)).toEqual([foreign.id]);
    expect((await theirs.alerts({ incident: acknowledged.id })).rows).toEqual([]);
    expect((await theirs.revocations({ incident: acknowledged.id })).rows).toEqual([]);
  });

  it("are compared with the log by id", async () => {
    const found = await store.reconcile.incidents([acknowledged, foreign, testIncident(9)]);
    expect(found.map(({ id, version }) => [id, version])).toEqual([
      [acknowledged.id, MANY + 1],
      [foreign.id, 1],
    ]);
    expect(JSON.parse(found[0]?.body ?? "")).toEqual(acknowledged);
  });
});
