import { type Alert, alertId, type Incident, incidentSchema, type Triage } from "@tripline/events";
import { describe, expect, test } from "vitest";
import { sampleAlert } from "../testing/sample-alert.ts";
import { BOUNDS, type Bounds, REOPEN_WITHIN_MS } from "./bounds.ts";
import { foldTriage } from "./fold.ts";
import { applyFold } from "./folded.ts";
import { incidentStateSchema } from "./incident-state.ts";
import { emptyBook, type IncidentBook, incidentIn } from "./rows.ts";
import { dueOf, type TimerSettings } from "./settings.ts";

type Levels = TimerSettings["escalation"];

const START = Date.parse("2026-11-21T09:30:00.000Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOTHING = { kind: "none", reason: "automatic revocation is off for this rule" } as const;

/** A book, a clock and everything that was emitted. */
class Bench {
  readonly book: IncidentBook = emptyBook();
  readonly versions: Incident[] = [];
  readonly bounds: Bounds;
  now = START;
  evicted = 0;

  constructor(bounds: Bounds = BOUNDS) {
    this.bounds = bounds;
  }

  take(triage: Triage): string | null {
    const folded = foldTriage(this.book, triage, this.now, this.bounds);
    applyFold(this.book, folded, this.bounds);
    this.versions.push(...folded.versions.map((version) => incidentSchema.parse(version)));
    this.evicted += folded.evicted;
    return folded.skipped;
  }

  alert(alert: Alert, muted?: string): string | null {
    return this.take({ kind: "alert", alert, done: NOTHING, muted });
  }

  change(to: Incident["state"], incident: Incident = this.latest, by = "ana"): string | null {
    const at = new Date(this.now).toISOString();
    return this.take({ kind: "change", tenant: incident.tenant, incident_id: incident.id, to, by, at });
  }

  /** What the timers would write now, folded. */
  timers(escalation: Levels = [{ after: "30m", min_severity: "high" }], isMuted = false): string[] {
    const settings = { incidents: { resolve_after: "24h" }, escalation };
    const due = [...this.book.open.entries()].flatMap(([, state]) =>
      dueOf(state, settings, this.now, isMuted),
    );
    return due.map((each) => this.take(each) ?? each.what);
  }

  get latest(): Incident {
    const last = this.versions.at(-1);
    if (last === undefined) throw new Error("nothing was emitted");
    return last;
  }

  get notices(): string[] {
    return this.versions.flatMap(({ notice }) => notice?.kind ?? []);
  }
}

let counter = 0;

function anAlert(changes: Partial<Alert> = {}): Alert {
  counter += 1;
  return sampleAlert({ id: alertId("acme", "r", "g", String(counter)), ...changes });
}

describe("one incident for one rule and subject", () => {
  test("grows, shows the gravest alert, and says how many there were", () => {
    const bench = new Bench();
    const [first, grave, last] = [
      anAlert({ severity: "medium" }),
      anAlert({ severity: "critical" }),
      anAlert({ severity: "low" }),
    ];
    for (const alert of [first, grave, last]) bench.alert(alert);
    expect(bench.book.open.size).toBe(1);
    expect(bench.latest).toMatchObject({
      version: 3,
      alerts: 3,
      severity: "critical",
      alert: { id: grave.id },
      alert_ids: [first.id, grave.id, last.id],
      subject: "credential=local:demo",
      state: "open",
    });
    expect(bench.notices).toEqual(["opened", "grew"]);
  });

  test("another rule, credential or tenant is another incident; without a credential the group counts", () => {
    const bench = new Bench();
    const actor = { credential: "local:other", assurance: "verified" as const };
    const { actor: _none, ...anonymous } = anAlert({ group: "server=mail" });
    const alerts = [
      anAlert(),
      anAlert({ actor }),
      anAlert({ tenant: "other" }),
      anAlert({ rule: { id: "x", title: "X" } }),
      anonymous,
    ];
    for (const alert of alerts) bench.alert(alert);
    expect(bench.book.open.size).toBe(5);
    expect(bench.latest.subject).toBe("server=mail");
  });

  test("an alert that is written twice counts once, also after its incident was closed", () => {
    const bench = new Bench();
    const alert = anAlert();
    bench.alert(alert);
    expect(bench.alert({ ...alert, detected_at: "2026-11-21T09:31:00.000Z" })).toBe("repeated");
    bench.change("resolved");
    bench.now += REOPEN_WITHIN_MS;
    expect(bench.alert(alert)).toBe("repeated");
    expect(bench.book.open.size).toBe(0);
    expect(bench.latest.alerts).toBe(1);
  });
});

describe("how often people hear of it", () => {
  test("a thousand alerts in a second are one notice, and a day of them a handful", () => {
    const bench = new Bench();
    for (let i = 0; i < 1000; i += 1) {
      bench.now += 1;
      bench.alert(anAlert());
    }
    expect(bench.notices).toEqual(["opened"]);
    expect(bench.latest).toMatchObject({ alerts: 1000, alert_ids: { length: 20 } });
    for (let i = 0; i < 24 * 60; i += 1) {
      bench.now += MINUTE;
      bench.alert(anAlert());
    }
    // After 15 min, 30 min, 1 h, 2 h, 4 h, 8 h.
    expect(bench.notices).toEqual(["opened", ...Array.from({ length: 6 }, () => "grew")]);
    expect(bench.versions.flatMap(({ notice }) => notice?.number ?? [])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("what is graver is told at once", () => {
    const bench = new Bench();
    bench.alert(anAlert({ severity: "low" }));
    bench.alert(anAlert({ severity: "critical" }));
    expect(bench.notices).toEqual(["opened", "grew"]);
  });

  test("who has acknowledged it hears only of what is graver", () => {
    const bench = new Bench();
    bench.alert(anAlert());
    bench.change("acknowledged");
    bench.now += 5 * HOUR;
    bench.alert(anAlert());
    expect(bench.timers()).toEqual([]);
    bench.alert(anAlert({ severity: "critical" }));
    expect(bench.notices).toEqual(["opened", "acknowledged", "grew"]);
  });

  test("muted it is recorded in silence; when the mute has ended and it still grows, it speaks", () => {
    const bench = new Bench();
    bench.alert(anAlert(), "m-1");
    bench.now += HOUR;
    bench.alert(anAlert({ severity: "critical" }), "m-1");
    expect(bench.timers()).toEqual([]);
    expect(bench.latest).toMatchObject({ alerts: 2, muted: "m-1" });
    expect(bench.notices).toEqual([]);
    bench.alert(anAlert());
    expect(bench.latest).toMatchObject({ alerts: 3, notice: { kind: "opened", number: 1 } });
    expect(bench.latest).not.toHaveProperty("muted");
  });
});

describe("what people make of it", () => {
  test("each change says who and when, and is told", () => {
    const bench = new Bench();
    bench.alert(anAlert());
    for (const to of ["acknowledged", "resolved", "open", "false_positive"] as const) {
      bench.now += MINUTE;
      expect(bench.change(to, bench.latest, `ana-${to}`)).toBeNull();
    }
    expect(bench.notices).toEqual(["opened", "acknowledged", "resolved", "reopened", "false_positive"]);
    expect(bench.latest.history.map(({ by, kind }) => `${by} ${kind}`)).toEqual([
      "policy opened",
      "ana-acknowledged acknowledged",
      "ana-resolved resolved",
      "ana-open reopened",
      "ana-false_positive false_positive",
    ]);
  });

  test("what makes no sense changes nothing", () => {
    const bench = new Bench();
    bench.alert(anAlert());
    const { latest } = bench;
    expect(bench.change("open")).toBe("same_state");
    expect(bench.change("acknowledged", { ...latest, id: "0".repeat(64) })).toBe("unknown_incident");
    expect(bench.change("resolved", { ...latest, tenant: "other" })).toBe("unknown_incident");
    bench.change("resolved");
    bench.now += 1;
    expect(bench.change("acknowledged")).toBe("not_open");
    expect(bench.versions).toHaveLength(2);
  });

  test("an alert soon after the end opens it again, and says so; a later one opens a new one", () => {
    const bench = new Bench();
    bench.alert(anAlert());
    const first = bench.latest;
    bench.change("resolved");
    bench.now += REOPEN_WITHIN_MS - 1;
    bench.alert(anAlert());
    expect(bench.latest).toMatchObject({
      id: first.id,
      state: "open",
      alerts: 2,
      notice: { kind: "reopened" },
    });
    bench.change("resolved");
    bench.now += REOPEN_WITHIN_MS;
    bench.alert(anAlert());
    expect(bench.latest.id).not.toBe(first.id);
    expect(bench.change("open", first)).toBe("has_a_successor");
  });

  test("after a false positive what was on its way is only counted; what comes later is a new incident", () => {
    const bench = new Bench();
    bench.alert(anAlert());
    const first = bench.latest;
    bench.change("false_positive");
    bench.alert(anAlert());
    expect(bench.latest).toMatchObject({ id: first.id, state: "false_positive", alerts: 2 });
    expect(bench.latest).not.toHaveProperty("notice");
    bench.now += REOPEN_WITHIN_MS;
    bench.alert(anAlert());
    expect(bench.latest).toMatchObject({ state: "open", alerts: 1, notice: { kind: "opened" } });
  });

  test("one that comes and goes is told ever less often, and its end only to who knew of it", () => {
    const bench = new Bench();
    for (let i = 0; i < 60; i += 1) {
      bench.alert(anAlert());
      bench.now += MINUTE;
      bench.change("resolved", bench.latest, "tripline");
      bench.now += MINUTE;
    }
    expect(bench.notices.length).toBeLessThanOrEqual(10);
    // The last time it stays: people believed that it was over, and hear after a while that it is not.
    bench.alert(anAlert());
    expect(bench.latest).not.toHaveProperty("notice");
    bench.now += 5 * HOUR;
    expect(bench.timers()).toEqual(["tell"]);
    expect(bench.latest.notice?.kind).toBe("reopened");
    bench.now += 1;
    expect(bench.timers()).toEqual([]);
  });
});

describe("time", () => {
  test("escalates level by level while nobody acknowledges, past levels that are for graver ones", () => {
    const bench = new Bench();
    const levels = [
      { after: "10m", min_severity: "critical" as const },
      { after: "30m", min_severity: "high" as const },
      { after: "2h", min_severity: "low" as const },
    ];
    bench.alert(anAlert());
    bench.now += 30 * MINUTE - 1;
    expect(bench.timers(levels)).toEqual([]);
    bench.now += 1;
    expect(bench.timers(levels)).toEqual(["escalate"]);
    expect(bench.latest).toMatchObject({ escalation: 2, notice: { kind: "escalated" } });
    expect(bench.timers(levels)).toEqual([]);
    bench.now += 2 * HOUR;
    expect(bench.timers(levels)).toEqual(["escalate"]);
    expect(bench.latest.escalation).toBe(3);
    bench.now += 2 * HOUR;
    expect(bench.timers(levels)).toEqual([]);
  });

  test("a level is reached once, however often it was due; and not when it was opened again meanwhile", () => {
    const bench = new Bench();
    bench.alert(anAlert());
    bench.now += HOUR;
    const [state] = [...bench.book.open.entries()].map(([, each]) => each);
    if (state === undefined) throw new Error("nothing is open");
    const settings = {
      incidents: { resolve_after: "24h" },
      escalation: [{ after: "30m", min_severity: "low" as const }],
    };
    const [first] = dueOf(state, settings, bench.now, false);
    const [second] = dueOf(state, settings, bench.now + 1, false);
    const [third] = dueOf(state, settings, bench.now + 2, false);
    if (first === undefined || second === undefined || third === undefined) throw new Error("nothing is due");
    expect([bench.take(first), bench.take(second)]).toEqual([null, "level_reached"]);
    bench.change("resolved");
    bench.now += 1;
    bench.change("open");
    expect(bench.take(third)).toBe("opened_again_since");
    expect(bench.notices).toEqual(["opened", "escalated", "resolved", "reopened"]);
  });

  test("is resolved by itself after the quiet time, which every alert begins anew", () => {
    const bench = new Bench();
    bench.alert(anAlert({ severity: "low" }));
    bench.now += 23 * HOUR;
    bench.alert(anAlert({ severity: "low" }));
    bench.now += 23 * HOUR;
    expect(bench.timers()).toEqual([]);
    bench.now += HOUR;
    expect(bench.timers()).toEqual(["resolve"]);
    expect(bench.latest).toMatchObject({ state: "resolved", notice: { kind: "resolved" } });
    expect(bench.latest.history.at(-1)).toMatchObject({ by: "timer", kind: "resolved" });
  });

  test("a timer that looked before the last alert came resolves nothing", () => {
    const bench = new Bench();
    bench.alert(anAlert());
    const [state] = [...bench.book.open.entries()].map(([, each]) => each);
    if (state === undefined) throw new Error("nothing is open");
    const settings = { incidents: { resolve_after: "24h" }, escalation: [] };
    const [due] = dueOf(state, settings, bench.now + 24 * HOUR, false);
    if (due === undefined) throw new Error("nothing is due");
    bench.alert(anAlert());
    expect(bench.take(due)).toBe("not_quiet");
  });
});

describe("findings about the record itself", () => {
  const gap = (n: number): Alert => {
    const { actor: _none, ...rest } = anAlert({
      group: "producer=gw-1",
      tags: ["pipeline"],
      summary: `gap ${n}`,
    });
    return rest;
  };
  const over = (alert: Alert): Alert => ({
    ...alert,
    state: "resolved",
    state_by: "tripline",
    state_note: "the records came",
    state_at: "2026-11-21T10:00:00.000Z",
  });

  test("are over when their finder has taken back all of them, and never by quiet alone", () => {
    const bench = new Bench();
    const [first, second] = [gap(1), gap(2)];
    bench.alert(first);
    bench.alert(second);
    bench.now += 100 * HOUR;
    expect(bench.timers()).not.toContain("resolve");
    expect(bench.alert(over(first))).toBe("not_over_yet");
    expect(bench.alert(over(first))).toBe("repeated");
    expect(bench.alert(over(second))).toBeNull();
    expect(bench.latest).toMatchObject({ state: "resolved", notice: { kind: "resolved" } });
    expect(bench.latest.history.at(-1)).toMatchObject({ by: "tripline", note: "the records came" });
  });

  test("what takes back an alert that nobody knows does nothing", () => {
    expect(new Bench().alert(over(gap(1)))).toBe("unknown_alert");
  });
});

describe("what was done", () => {
  const revoked = (alert: Alert, by: string) => ({
    kind: "revoked" as const,
    reason: "taken away",
    revocation: {
      v: 1 as const,
      id: "r-1",
      tenant: "acme",
      scope: "credential" as const,
      subject: "local:demo",
      state: "active" as const,
      reason: "taken away",
      by,
      alert_id: alert.id,
      decided_at: "2026-11-21T09:40:00.000Z",
    },
  });

  test("a person's revocation is told, once, and stays what on-call reads", () => {
    const bench = new Bench();
    const alert = anAlert();
    bench.alert(alert);
    const news: Triage = {
      kind: "done",
      tenant: "acme",
      alert_id: alert.id,
      done: revoked(alert, "ana"),
      by: "ana",
      at: "2026-11-21T09:40:00.000Z",
    };
    expect(bench.take(news)).toBeNull();
    expect(bench.latest).toMatchObject({ done: { kind: "revoked" }, notice: { kind: "done" } });
    expect(bench.latest.history.at(-1)).toMatchObject({ by: "ana", kind: "revoked" });
    bench.take({ ...news, at: "2026-11-21T09:41:00.000Z" });
    expect(bench.notices).toEqual(["opened", "done"]);
    bench.alert(anAlert());
    expect(bench.latest.done.kind).toBe("revoked");
    expect(bench.take({ ...news, tenant: "other" })).toBe("unknown_alert");
  });
});

describe("bounds", () => {
  const ofKey = (key: string, tenant = "acme"): Alert =>
    anAlert({ tenant, actor: { credential: `local:${key}`, assurance: "verified" } });

  test("a tenant that floods closes its own quietest incidents, says so, and pushes out nobody else's", () => {
    const bench = new Bench({ open: 6, openOfTenant: 3, closed: 2 });
    bench.alert(ofKey("theirs", "other"));
    for (let i = 0; i < 10; i += 1) bench.alert(ofKey(`k${i}`));
    const open = [...bench.book.open.entries()].map(([, { incident }]) => incident.subject);
    expect(open).toEqual(["credential=local:theirs", ...[7, 8, 9].map((i) => `credential=local:k${i}`)]);
    expect(bench.evicted).toBe(7);
    const closed = bench.versions.filter(({ state }) => state === "resolved");
    expect(closed).toHaveLength(7);
    expect(closed[0]?.history.at(-1)?.note).toMatch(/lack of room/);
    expect(closed.every(({ notice }) => notice === undefined)).toBe(true);
    expect(bench.book.closed.size).toBe(2);
    expect(bench.book.latest.size).toBe(6);
  });

  test("what is kept fits its schema, so that it can be restored", () => {
    const bench = new Bench();
    for (let i = 0; i < 30; i += 1) {
      bench.alert(anAlert());
      bench.now += HOUR;
      bench.change(i % 2 === 0 ? "acknowledged" : "open");
    }
    const state = incidentIn(bench.book, bench.latest.id);
    expect(incidentStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(
      JSON.parse(JSON.stringify(state)),
    );
    expect(bench.latest.history).toHaveLength(31);
    expect(bench.latest.alert_ids).toHaveLength(20);
  });
});
