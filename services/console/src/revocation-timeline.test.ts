import type { RevocationDetail } from "@tripline/store";
import { describe, expect, test } from "vitest";
import { revocationTimeline } from "./revocation-timeline.ts";

const DECIDED = Date.parse("2026-11-21T09:30:00.000Z");
const after = (ms: number) => new Date(DECIDED + ms).toISOString();
const gateway = { producer: "gw-1", boot: "b-1" };
const late = { producer: "gw-2", boot: "b-2" };
const laptop = { producer: "laptop", boot: "b-3" };

function detail(changes: Partial<RevocationDetail["course"]> = {}): RevocationDetail {
  return {
    revocation: {
      ...{ id: "r", scope: "credential", subject: "key:acme/bot", state: "active", reason: "r", by: "ana" },
      ...{ rule_id: null, alert_id: null, detected_at: null, decided_at: after(0), expires_at: null },
      ...{ reinstated_at: null, key_id: "k", signature: "s" },
    },
    timing: {
      ...{ completing_record_id: null, completing_record_time: null, completing_record_appended: null },
      ...{ detected_at: null, decided_at: after(0), appended: after(1) },
      applied: [{ ...gateway, state: "active", at: after(4) }],
      ...{
        first_denied_record_id: null,
        first_denied_time: null,
        applied_after_ms: null,
        refused_after_ms: null,
      },
    },
    course: {
      decisions: [],
      present: [
        { ...gateway, advisory: false, refuses: true },
        { ...late, advisory: false, refuses: true },
        { ...laptop, advisory: true, refuses: true },
        { producer: "recorder", boot: "b-4", advisory: false, refuses: false },
      ],
      in_flight: [],
      ...changes,
    },
  };
}

function decision(kind: RevocationDetail["course"]["decisions"][number]["kind"], ms: number) {
  const via = kind.startsWith("upstream") ? "keycloak" : null;
  return { record_id: `rec-${ms}`, kind, at: after(ms), via, reason: "why", interceptors: [late] };
}

describe("the timeline of a revocation", () => {
  test("names each interceptor that has not said that it refuses, and which can be ended by its user", () => {
    const { steps, all_applied_ms, only_reporting } = revocationTimeline(detail());
    expect(
      steps.filter(({ step }) => step === "applied").map(({ label, after_ms }) => [label, after_ms]),
    ).toEqual([
      ["interceptor gw-1 refuses from now on", 4],
      ["interceptor gw-2 has not said that it refuses", null],
      ["interceptor laptop (advisory: its own user can end it) has not said that it refuses", null],
    ]);
    expect(all_applied_ms).toBeNull();
    expect(only_reporting).toEqual(["recorder"]);
  });

  test("is over for the interceptors when all that are held to it refuse; an advisory one is not waited for", () => {
    const whole = detail();
    whole.timing.applied.push({ ...late, state: "active", at: after(70_000) });
    expect(revocationTimeline(whole).all_applied_ms).toBe(70_000);
  });

  test("tells what was late, what came after all, and what the issuer said", () => {
    const decisions = [
      decision("upstream_acknowledged", 200),
      decision("upstream_verified", 900),
      decision("not_enforced", 60_000),
      decision("enforced", 70_000),
    ];
    const timeline = revocationTimeline(detail({ decisions }));
    expect(timeline).toMatchObject({ upstream_ack_ms: 200, verified_ms: 900 });
    expect(timeline.steps.slice(-4).map(({ label, record_id }) => [label, record_id])).toEqual([
      ["the issuer (keycloak) acknowledged: why", "rec-200"],
      ["the issuer (keycloak) was seen to refuse it: why", "rec-900"],
      ["on-call was told: gw-2 had not said in time that it refuses", "rec-60000"],
      ["gw-2: why", "rec-70000"],
    ]);
  });

  test("lists the calls that were under way", () => {
    const call = {
      record_id: "c",
      call_id: "i",
      server: "mail",
      tool: "send",
      started: after(-5),
      outcome: null,
    };
    expect(revocationTimeline(detail({ in_flight: [call] })).in_flight).toEqual([call]);
  });
});
