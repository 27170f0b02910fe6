import { tmpdir } from "node:os";
import type { Revocation } from "@tripline/events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLive, RevocationView } from "./revocation-view.ts";

const NOW = Date.parse("2026-11-21T10:00:00.000Z");

function entry(changes: Partial<Revocation> = {}): Revocation {
  return {
    v: 1,
    id: "a",
    tenant: "acme",
    scope: "credential",
    subject: "local:demo",
    state: "active",
    reason: "r",
    by: "policy",
    decided_at: "2026-11-21T09:59:00.000Z",
    ...changes,
  };
}

test("of one key the highest offset counts, in whatever order entries arrive and however often", () => {
  const history = fc.array(fc.constantFrom("active" as const, "reinstated" as const), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(history, fc.infiniteStream(fc.nat()), (states, random) => {
      const arrivals = [...states.entries(), ...states.entries()].map((each) => ({
        each,
        at: random.next().value,
      }));
      arrivals.sort((a, b) => a.at - b.at);
      const view = new RevocationView();
      for (const { each } of arrivals) view.apply(entry({ state: each[1] }), each[0]);
      expect(view.entry("acme", "a")?.state).toBe(states.at(-1));
    }),
  );
});

test("a tenant sees only its own", () => {
  const view = new RevocationView();
  view.apply(entry(), 0);
  expect(view.entry("other", "a")).toBeUndefined();
  expect(view.live("other", entry(), NOW)).toEqual([]);
  expect(view.automaticSince("other", 0).size).toBe(0);
});

test("what is deleted from the topic is gone, unless it was written again since", () => {
  const view = new RevocationView();
  view.apply(entry(), 3);
  view.remove("acme/credential/local:demo/a", 2);
  expect(view.entry("acme", "a")).toBeDefined();
  view.remove("acme/credential/local:demo/a", 4);
  expect(view.entry("acme", "a")).toBeUndefined();
});

describe("what counts for the limit", () => {
  test("keys, not entries; the policy's, not people's; reinstated ones too; within the time", () => {
    const view = new RevocationView();
    const entries = [
      entry({ id: "a" }),
      entry({ id: "b" }),
      entry({ id: "c", subject: "local:c", state: "reinstated" }),
      entry({ id: "d", subject: "local:d", by: "ana" }),
      entry({ id: "e", subject: "local:e", decided_at: "2026-11-21T08:00:00.000Z" }),
    ];
    for (const [offset, each] of entries.entries()) view.apply(each, offset);
    expect(view.automaticSince("acme", NOW - 3600_000)).toEqual(
      new Set(["credential/local:demo", "credential/local:c"]),
    );
  });
});

test.each([
  [{}, true],
  [{ state: "reinstated" as const }, false],
  [{ expires_at: "2026-11-21T10:00:00.000Z" }, false],
  [{ expires_at: "2026-11-21T10:00:00.001Z" }, true],
])("%j refuses now: %s", (changes, live) => {
  expect(isLive(entry(changes), NOW)).toBe(live);
});

test("ten thousand entries are told apart, wherever they are kept", () => {
  for (const directory of [undefined, tmpdir()]) {
    const view = new RevocationView({ directory });
    for (let n = 0; n < 10_000; n += 1) {
      view.apply(
        entry({ id: `r${n}`, subject: `local:${n % 5_000}`, by: n % 100 === 0 ? "policy" : "ana" }),
        n,
      );
    }
    view.apply(entry({ id: "r5007", subject: "local:7", state: "reinstated", by: "ana" }), 20_000);
    expect(view.entry("acme", "r4999")).toMatchObject({ subject: "local:4999" });
    expect(view.live("acme", entry({ subject: "local:8" }), NOW).map(({ id }) => id)).toEqual([
      "r8",
      "r5008",
    ]);
    expect(view.live("acme", entry({ subject: "local:7" }), NOW).map(({ id }) => id)).toEqual(["r7"]);
    expect(view.automaticSince("acme", 0).size).toBe(50);
    expect(view.lastDecidedBy("acme", "ana", entry({ subject: "local:9" }))).toBe(
      Date.parse("2026-11-21T09:59:00.000Z"),
    );
    view.close();
  }
});
