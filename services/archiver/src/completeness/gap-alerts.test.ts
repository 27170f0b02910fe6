import { alertSchema } from "@tripline/events";
import { GAP_KINDS, type Gap } from "@tripline/store";
import { expect, it } from "vitest";
import { alertOf, placeOf, resolved, silenceAlert } from "./gap-alerts.ts";
import { SilenceTracker } from "./silence.ts";

const BOOT = "0192f5a0-0000-7000-8000-000000000001";
const gap = (changes: Partial<Gap> = {}): Gap => ({
  kind: "missing",
  tenant: "acme",
  producer: "gw-1",
  boot: BOOT,
  ranges: [{ first_seq: 3, last_seq: 5 }],
  more: false,
  numbers: 3,
  after: "2026-11-21T09:10:00.000Z",
  before: "2026-11-21T09:10:10.000Z",
  declared: {},
  record_id: "0192f5a0-0000-7000-8000-000000000002",
  time: "2026-11-21T09:10:10.000Z",
  detail: "3 records were sent and are not stored",
  ...changes,
});

it("what nobody explained is an alert, and what is explained is none", () => {
  const alerts = new Map(GAP_KINDS.map((kind) => [kind, alertOf(gap({ kind }))?.rule.id ?? null]));
  expect(Object.fromEntries(alerts)).toEqual({
    missing: "records-missing",
    dropped: "records-dropped",
    dead_lettered: null,
    altered: "records-altered",
    heartbeat_missing: null,
    chain_broken: "records-altered",
    sequence_reused: "sequence-reused",
    boot_reused: "sequence-reused",
    silent: null,
    no_goodbye: null,
  });
});

it("the same finding is the same valid alert; a boot's findings of an hour are one", () => {
  const first = alertOf(gap());
  expect(alertSchema.parse(first)).toEqual(first);
  expect(alertOf(gap())).toEqual(first);
  expect(first?.summary).toContain("numbers 3–5");
  const later = alertOf(gap({ time: "2026-11-21T09:50:00.000Z", ranges: [{ first_seq: 90, last_seq: 90 }] }));
  expect(later?.id).toBe(first?.id);
  const others = [
    gap({ time: "2026-11-21T10:00:00.000Z" }),
    gap({ boot: BOOT.replace("1", "2") }),
    gap({ tenant: "other" }),
    gap({ record_id: null }),
    gap({ kind: "altered" }),
  ].map((each) => alertOf(each)?.id);
  expect(new Set([...others, first?.id]).size).toBe(others.length + 1);
});

it("an alert leads back to its place, and its end is a state of the same alert", () => {
  const alert = alertOf(gap());
  if (alert === null) throw new Error("no alert");
  expect(placeOf(alert)).toEqual({
    producer: "gw-1",
    boot: BOOT,
    part: "intervals",
    since: "2026-11-21T09:00:00.000Z",
    until: "2026-11-21T10:00:00.000Z",
  });
  const end = resolved(alert, "they came", 0);
  expect(alertSchema.parse(end)).toMatchObject({ id: alert.id, state: "resolved", state_by: "tripline" });
  expect(placeOf({ ...alert, place: undefined })).toBeNull();
});

it("a boot is silent once, by a clock that stands still while nothing can be heard", () => {
  const tracker = new SilenceTracker();
  const heard = (boot: string, atMs: number, stopped = false) =>
    tracker.heard(
      {
        tenant: "acme",
        producer: "gw-1",
        boot,
        records: 1,
        first_seq: 0,
        last_seq: 9,
        first_append_time: "2026-11-21T09:00:00.000Z",
        last_append_time: "2026-11-21T09:10:00.000Z",
        stopped,
        enforcement: null,
      },
      atMs,
    );
  heard("a", 0);
  heard("b", 50);
  heard("c", 60);
  heard("c", 70, true);
  expect(tracker.silent(99, 100)).toEqual([]);
  expect(tracker.silent(149, 100).map(({ boot }) => boot.boot)).toEqual(["a"]);
  expect(tracker.silent(500, 100).map(({ boot }) => boot.boot)).toEqual(["b"]);
  heard("a", 600);
  expect(tracker.silent(1_000, 100).map(({ boot }) => boot.boot)).toEqual(["a"]);
});

it("a silence that begins again is another alert", () => {
  const boot = {
    ...gap(),
    records: 1,
    first_seq: 0,
    last_seq: 9,
    first_append_time: "2026-11-21T09:00:00.000Z",
    last_append_time: "2026-11-21T09:10:00.000Z",
    stopped: false,
    enforcement: null,
  };
  expect(alertSchema.parse(silenceAlert(boot)).group).toBe("producer=gw-1");
  expect(silenceAlert(boot).id).toBe(silenceAlert({ ...boot }).id);
  expect(silenceAlert({ ...boot, last_seq: 10 }).id).not.toBe(silenceAlert(boot).id);
});
