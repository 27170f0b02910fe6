import { type Alert, alertId, type Incident, SEVERITIES, type Triage } from "@tripline/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sampleAlert } from "../testing/sample-alert.ts";
import { foldTriage } from "./fold.ts";
import { applyFold } from "./folded.ts";
import { incidentId, subjectOf } from "./ids.ts";
import { emptyBook, type IncidentBook } from "./rows.ts";

interface Arrival {
  triage: Triage;
  at: number;
}

const START = Date.parse("2026-11-21T09:30:00.000Z");
const KEYS = ["local:a", "local:b"];
const ALERTS_A_KEY = 6;

function alertOf(tenant: string, key: string, n: number, severity: Alert["severity"] = "high"): Alert {
  return sampleAlert({
    id: alertId(tenant, "r", key, String(n)),
    tenant,
    severity,
    actor: { credential: key, assurance: "verified" },
  });
}

/** Any alert may have been the first of its incident, so each of their ids is tried. */
const someIncident = (tenant: string) =>
  fc
    .tuple(fc.constantFrom(...KEYS), fc.integer({ min: 0, max: ALERTS_A_KEY - 1 }))
    .map(([key, n]) => incidentId(alertOf(tenant, key, n)));

const isoAt = (ms: number): string => new Date(ms).toISOString();

function triageOf(tenant: string): fc.Arbitrary<(at: number) => Triage> {
  const alert = fc
    .record({
      key: fc.constantFrom(...KEYS),
      n: fc.integer({ min: 0, max: ALERTS_A_KEY - 1 }),
      severity: fc.constantFrom(...SEVERITIES),
      over: fc.boolean(),
      muted: fc.option(fc.constant("m-1"), { nil: undefined }),
    })
    .map(({ key, n, severity, over, muted }) => (at: number): Triage => {
      const found = alertOf(tenant, key, n, severity);
      const state = over ? { state: "resolved" as const, state_by: "tripline", state_at: isoAt(at) } : {};
      return { kind: "alert", alert: { ...found, ...state }, done: { kind: "none", reason: "off" }, muted };
    });
  const change = fc
    .record({
      incident_id: someIncident(tenant),
      to: fc.constantFrom(
        "open" as const,
        "acknowledged" as const,
        "resolved" as const,
        "false_positive" as const,
      ),
      muted: fc.option(fc.constant("m-1"), { nil: undefined }),
    })
    .map(
      (said) =>
        (at: number): Triage => ({ kind: "change", tenant, by: "ana", at: isoAt(at), ...said }),
    );
  const due = fc
    .record({
      incident_id: someIncident(tenant),
      what: fc.constantFrom("escalate" as const, "resolve" as const, "tell" as const),
      level: fc.integer({ min: 0, max: 3 }),
      episode: fc.integer({ min: 1, max: 3 }),
      alerts: fc.integer({ min: 1, max: 4 }),
    })
    .map(
      (said) =>
        (at: number): Triage => ({ kind: "due", tenant, at: isoAt(at), ...said }),
    );
  const done = fc
    .record({ key: fc.constantFrom(...KEYS), n: fc.integer({ min: 0, max: ALERTS_A_KEY - 1 }) })
    .map(
      ({ key, n }) =>
        (at: number): Triage => ({
          kind: "done",
          tenant,
          alert_id: alertOf(tenant, key, n).id,
          done: { kind: "withheld", reason: "a person looks" },
          at: isoAt(at),
        }),
    );
  return fc.oneof(
    { weight: 4, arbitrary: alert },
    { weight: 3, arbitrary: change },
    { weight: 3, arbitrary: due },
    done,
  );
}

/** Records of a tenant in the order of their times, from a minute to some hours apart. */
function arrivals(tenant: string): fc.Arbitrary<Arrival[]> {
  const gap = fc.constantFrom(0, 1, 60_000, 16 * 60_000, 5 * 3600_000);
  return fc.array(fc.tuple(gap, triageOf(tenant)), { maxLength: 40 }).map((items) => {
    let at = START;
    return items.map(([after, make]) => {
      at += after;
      return { triage: make(at), at };
    });
  });
}

function foldAll(book: IncidentBook, all: readonly Arrival[]): Incident[] {
  return all.flatMap(({ triage, at }) => {
    const folded = foldTriage(book, triage, at);
    applyFold(book, folded);
    return folded.versions;
  });
}

function contents({ open, closed, latest }: IncidentBook): unknown {
  const rows = <V>(entries: Iterable<[string, V]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return { open: rows(open.entries()), closed: rows(closed.entries()), latest: rows(latest.entries()) };
}

test("the same records give the same incidents", () => {
  fc.assert(
    fc.property(arrivals("acme"), (all) => {
      const [one, other] = [emptyBook(), emptyBook()];
      expect(foldAll(one, all)).toEqual(foldAll(other, structuredClone(all)));
      expect(contents(one)).toEqual(contents(other));
    }),
  );
});

test("folding says what would be, and changes nothing until it is applied", () => {
  fc.assert(
    fc.property(arrivals("acme"), (all) => {
      const book = emptyBook();
      for (const { triage, at } of all) {
        const before = structuredClone(contents(book));
        const first = foldTriage(book, triage, at);
        expect(contents(book)).toEqual(before);
        expect(foldTriage(book, triage, at)).toEqual(first);
        applyFold(book, first);
      }
    }),
  );
});

test("any stretch that was read comes again, at once or at the end: nothing is emitted and nothing changes", () => {
  fc.assert(
    fc.property(arrivals("acme"), fc.nat(), fc.nat(), (all, a, b) => {
      const end = all.length === 0 ? 0 : a % (all.length + 1);
      const from = end === 0 ? 0 : b % end;
      const again = all.slice(from, end);
      const [once, twice, later] = [emptyBook(), emptyBook(), emptyBook()];
      const told = foldAll(once, all);
      expect([
        ...foldAll(twice, all.slice(0, end)),
        ...foldAll(twice, again),
        ...foldAll(twice, all.slice(end)),
      ]).toEqual(told);
      expect(contents(twice)).toEqual(contents(once));
      const last = all.at(-1)?.at ?? START;
      foldAll(later, all);
      expect(
        foldAll(
          later,
          again.map(({ triage }) => ({ triage, at: last + 24 * 3600_000 })),
        ),
      ).toEqual([]);
      expect(contents(later)).toEqual(contents(once));
    }),
  );
});

test("tenants never meet: whatever the order in which theirs come, each has the incidents of its own records", () => {
  fc.assert(
    fc.property(
      arrivals("acme"),
      arrivals("other"),
      fc.infiniteStream(fc.boolean()),
      (ours, theirs, coins) => {
        const alone = new Map([
          ["acme", foldAll(emptyBook(), ours)],
          ["other", foldAll(emptyBook(), theirs)],
        ]);
        const mixed: Arrival[] = [];
        const left = [[...ours], [...theirs]];
        while (left.some((each) => each.length > 0)) {
          const side = coins.next().value ? 0 : 1;
          const next = left[side]?.shift() ?? left[1 - side]?.shift();
          if (next !== undefined) mixed.push(next);
        }
        const told = foldAll(emptyBook(), mixed);
        for (const [tenant, expected] of alone) {
          expect(told.filter((incident) => incident.tenant === tenant)).toEqual(expected);
        }
      },
    ),
  );
});

test("versions of an incident go up by one, notices too, and its alerts are counted once each", () => {
  fc.assert(
    fc.property(arrivals("acme"), (all) => {
      const book = emptyBook();
      const told = foldAll(book, all);
      const byId = Map.groupBy(told, ({ id }) => id);
      for (const versions of byId.values()) {
        expect(versions.map(({ version }) => version)).toEqual(versions.map((_, index) => index + 1));
        const notices = versions.flatMap(({ notice }) => notice?.number ?? []);
        expect(notices).toEqual(notices.map((_, index) => index + 1));
        expect(versions.every(({ muted, notice }) => muted === undefined || notice === undefined)).toBe(true);
      }
      const counted = [...byId.values()].reduce((sum, versions) => sum + (versions.at(-1)?.alerts ?? 0), 0);
      const found = all.flatMap(({ triage }) =>
        triage.kind === "alert" && triage.alert.state === undefined ? [triage.alert.id] : [],
      );
      expect(counted).toBe(new Set(found).size);
      const open = [...book.open.entries()].map(([, { incident }]) => `${incident.subject}`);
      expect(new Set(open).size).toBe(open.length);
      expect(told.every(({ alert, subject }) => subjectOf(alert) === subject)).toBe(true);
    }),
  );
});
