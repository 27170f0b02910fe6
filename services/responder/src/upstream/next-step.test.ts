import { UPSTREAM_STAGES, type Upstream } from "@tripline/events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextStep, PATIENCE_MS } from "./next-step.ts";
import { waitAfter, waitAfterProbe } from "./pace.ts";

const DAY_MS = 24 * 3600 * 1000;
const state = (stage: Upstream["stage"]): Upstream => ({
  v: 1,
  tenant: "acme",
  revocation_id: "r",
  subject: "key:a/b",
  revoker: "a",
  stage,
  at: "2026-11-21T10:00:00.000Z",
  ours: false,
  alerted: false,
});
const stages = fc.constantFrom(...UPSTREAM_STAGES);
const times = fc.record({ decidedAt: fc.nat(10 * DAY_MS), now: fc.nat(20 * DAY_MS), probes: fc.boolean() });

describe("whatever the stage and the time", () => {
  test("an entry that does not refuse is never revoked nor asked about", () => {
    fc.assert(
      fc.property(stages, times, (stage, when) => {
        expect(["lift", "rest"]).toContain(nextStep(state(stage), { ...when, live: false }).do);
      }),
    );
  });
  test("one that refuses is never lifted, and nobody is asked who can't be", () => {
    fc.assert(
      fc.property(stages, times, (stage, when) => {
        const { do: what } = nextStep(state(stage), { ...when, live: true });
        expect(what).not.toBe("lift");
        if (!when.probes) expect(what).not.toBe("probe");
      }),
    );
  });
  test("it comes to an end: after the patience nothing is tried any more", () => {
    fc.assert(
      fc.property(stages, fc.boolean(), fc.boolean(), (stage, live, probes) => {
        const { do: what } = nextStep(state(stage), { live, probes, decidedAt: 0, now: PATIENCE_MS + 1 });
        expect(["rest", "lift", "give_up", "settle"]).toContain(what);
      }),
    );
  });
});

test.each([
  ["wanted", "revoke"],
  ["acknowledged", "probe"],
  ["verified", "rest"],
  ["unverifiable", "rest"],
  ["given_up", "rest"],
] as const)("%s: %s, and lifted when it is over", (stage, what) => {
  const when = { decidedAt: 0, now: 1000, probes: true };
  expect(nextStep(state(stage), { ...when, live: true })).toEqual({ do: what });
  expect(nextStep(state(stage), { ...when, live: false })).toEqual({ do: "lift" });
});

describe("the pace", () => {
  test("grows, and never beyond its bound", () => {
    const waits = [...Array(60).keys()];
    expect(waits.slice(0, 4).map((n) => waitAfter("retry", n))).toEqual([1000, 2000, 4000, 8000]);
    expect(Math.max(...waits.map((n) => waitAfter("retry", n)))).toBe(60_000);
    expect(Math.max(...waits.map((n) => waitAfter("refused", n)))).toBe(3600_000);
    expect(Math.max(...waits.map((n) => waitAfterProbe(n, false)))).toBe(15_000);
    expect(Math.max(...waits.map((n) => waitAfterProbe(n, true)))).toBe(600_000);
  });
  test("is as slow as the issuer asks for", () => {
    expect(waitAfter("retry", 0, 90_000)).toBe(90_000);
    expect(waitAfter("retry", 3, 1)).toBe(8000);
  });
});
