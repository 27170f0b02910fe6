import type { Revocation } from "@tripline/events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, type Guard, MAX_ALERT_AGE_MS, type Situation } from "./policy.ts";
import { type AutomaticRevocation, automaticRevocationSchema, type RuleResponse } from "./response-config.ts";
import { sampleAlert } from "./testing/sample-alert.ts";

const NOW = Date.parse("2026-11-21T09:30:00.140Z");

function config(
  rule: Partial<RuleResponse> = {},
  rest: Partial<AutomaticRevocation> = {},
): AutomaticRevocation {
  return automaticRevocationSchema.parse({
    ...rest,
    rules: { "secret-then-send": { enabled: true, ...rule } },
  });
}

function situation(changes: Partial<Situation> = {}): Situation {
  return {
    alert: sampleAlert(),
    appendedAt: NOW - 5,
    now: NOW,
    config: config(),
    entry: undefined,
    recentKeys: new Set(),
    ...changes,
  };
}

function entry(state: "active" | "reinstated"): Revocation {
  const { id, tenant } = sampleAlert();
  return {
    v: 1,
    id,
    tenant,
    scope: "credential",
    subject: "local:demo",
    state,
    reason: "r",
    by: "policy",
    decided_at: "2026-11-21T09:30:00.139Z",
  };
}

test("revokes the caller's own credential when its rule is switched on", () => {
  expect(decide(situation())).toEqual({
    kind: "revoke",
    scope: "credential",
    subject: "local:demo",
    reason: "rule secret-then-send: A secret was read and then sent out",
    expiresAfterMs: undefined,
  });
});

test("the rule's settings choose the scope and when it ends", () => {
  const decision = decide(situation({ config: config({ scope: "session", expires_after: "24h" }) }));
  expect(decision).toMatchObject({
    kind: "revoke",
    scope: "session",
    subject: "s-1",
    expiresAfterMs: 86_400_000,
  });
});

describe("off, and nothing to record", () => {
  const cases: [string, Partial<Situation>][] = [
    ["by default", { config: automaticRevocationSchema.parse({}) }],
    ["switched off", { config: config({ enabled: false }) }],
    [
      "another rule is on",
      { config: automaticRevocationSchema.parse({ rules: { other: { enabled: true } } }) },
    ],
    ["on for another credential", { config: config({ credentials: ["local:other"] }) }],
    [
      "on for credentials, none known",
      {
        config: config({ credentials: ["local:demo"] }),
        alert: sampleAlert({ actor: { assurance: "verified" } }),
      },
    ],
    ["on for another tenant", { config: config({ tenants: ["other"] }) }],
    ["already revoked", { entry: entry("active") }],
    [
      "a rule named like an object's own member",
      { alert: sampleAlert({ rule: { id: "constructor", title: "t", hash: "a".repeat(64) } }) },
    ],
  ];
  test.each(cases)("%s", (_what, changes) => {
    expect(decide(situation(changes)).kind).toBe("none");
  });
});

describe("each guard withholds by itself", () => {
  const recentKeys = new Set(["credential/local:a", "credential/local:b", "credential/local:c"]);
  const revocable = { revocable: true };
  const cases: [string, Guard, Partial<Situation>][] = [
    ["it was reinstated", "reinstated", { entry: entry("reinstated") }],
    [
      "the rule may not revoke",
      "not_revocable",
      { alert: sampleAlert({ response: { ...revocable, revocable: false } }) },
    ],
    [
      "asserted credential",
      "not_verified",
      { alert: sampleAlert({ actor: { credential: "local:demo", assurance: "asserted" } }) },
    ],
    ["assurance absent", "not_verified", { alert: sampleAlert({ actor: { credential: "local:demo" } }) }],
    ["no actor", "not_verified", { alert: sampleAlert({ actor: undefined }) }],
    ["no scope anywhere", "needs_a_person", { alert: sampleAlert({ response: revocable }) }],
    [
      "a scope that is everybody's",
      "needs_a_person",
      { alert: sampleAlert({ response: { ...revocable, scope: "server", subject: "mail" } }) },
    ],
    [
      "a name that may be self-reported",
      "needs_a_person",
      { alert: sampleAlert({ response: { ...revocable, scope: "agent", subject: "helper" } }) },
    ],
    [
      "no session to revoke",
      "needs_a_person",
      { config: config({ scope: "session" }), alert: sampleAlert({ session: undefined }) },
    ],
    [
      "somebody else's credential",
      "not_its_own",
      { alert: sampleAlert({ response: { ...revocable, scope: "credential", subject: "local:boss" } }) },
    ],
    ["listed credential", "never_revoke", { config: config({}, { never_revoke: ["LOCAL:de*"] }) }],
    ["listed principal", "never_revoke", { config: config({}, { never_revoke: ["p-1"] }) }],
    [
      "listed credential behind a session",
      "never_revoke",
      { config: config({ scope: "session" }, { never_revoke: ["local:demo"] }) },
    ],
    ["an old alert", "too_old", { appendedAt: NOW - MAX_ALERT_AGE_MS - 1 }],
    ["too many keys", "limit", { recentKeys }],
  ];
  test.each(cases)("%s: %s", (_what, guard, changes) => {
    expect(decide(situation(changes))).toMatchObject({ kind: "withheld", guard });
  });
  test("the limit does not stop what was already counted", () => {
    const counted = new Set([...recentKeys, "credential/local:demo"]);
    expect(decide(situation({ recentKeys: counted })).kind).toBe("revoke");
  });
});

describe("dry run", () => {
  test.each([
    ["for all", config({}, { dry_run: true })],
    ["for the rule", config({ dry_run: true })],
  ])("%s: says what would be revoked", (_what, dry) => {
    expect(decide(situation({ config: dry }))).toMatchObject({ kind: "would_revoke", subject: "local:demo" });
  });
  test("does not hide a guard", () => {
    const decision = decide(situation({ config: config({ dry_run: true }), entry: entry("reinstated") }));
    expect(decision).toMatchObject({ kind: "withheld", guard: "reinstated" });
  });
});

test("revokes only when every guard allows it, whatever the mix", () => {
  const subjects = fc.constantFrom("local:demo", "local:boss", "s-1");
  const situations = fc.record({
    enabled: fc.boolean(),
    dry: fc.boolean(),
    ruleDry: fc.boolean(),
    revocable: fc.boolean(),
    assurance: fc.constantFrom("verified" as const, "asserted" as const, "unknown" as const, undefined),
    scope: fc.constantFrom("credential" as const, "session" as const, "agent" as const, "server" as const),
    subject: subjects,
    never: fc.array(fc.constantFrom("local:*", "s-*", "x"), { maxLength: 2 }),
    state: fc.constantFrom("active" as const, "reinstated" as const, undefined),
    listed: fc.constantFrom(["local:demo"], ["local:other"], undefined),
    age: fc.constantFrom(0, MAX_ALERT_AGE_MS, MAX_ALERT_AGE_MS + 1),
    recent: fc.uniqueArray(
      fc.constantFrom("credential/local:demo", "session/s-1", "credential/x", "credential/y"),
    ),
    keys: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(situations, (s) => {
      const decision = decide(
        situation({
          alert: sampleAlert({
            actor: { credential: "local:demo", assurance: s.assurance },
            response: { revocable: s.revocable, scope: s.scope, subject: s.subject },
          }),
          appendedAt: NOW - s.age,
          entry: s.state === undefined ? undefined : entry(s.state),
          recentKeys: new Set(s.recent),
          config: automaticRevocationSchema.parse({
            dry_run: s.dry,
            never_revoke: s.never,
            limit: { keys: s.keys, minutes: 10 },
            rules: { "secret-then-send": { enabled: s.enabled, dry_run: s.ruleDry, credentials: s.listed } },
          }),
        }),
      );
      if (decision.kind !== "revoke") return;
      const own = { credential: "local:demo", session: "s-1" }[decision.scope];
      expect(decision.subject).toBe(own);
      expect(s).toMatchObject({
        enabled: true,
        dry: false,
        ruleDry: false,
        revocable: true,
        assurance: "verified",
      });
      expect(s.subject).toBe(own);
      expect(s.state).toBeUndefined();
      expect(s.listed).not.toEqual(["local:other"]);
      expect(s.never).not.toContain("local:*");
      if (decision.scope === "session") expect(s.never).not.toContain("s-*");
      expect(s.age).toBeLessThanOrEqual(MAX_ALERT_AGE_MS);
      expect(new Set([...s.recent, `${decision.scope}/${own}`]).size).toBeLessThanOrEqual(
        Math.max(s.keys, s.recent.length),
      );
    }),
    { numRuns: 3000 },
  );
});
