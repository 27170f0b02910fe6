import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Quotas } from "./quota.ts";

const producer = (quota: number) => ({
  id: "gw",
  tenant: "acme",
  created_at: "2026-11-21T09:30:00.000Z",
  issuers: [],
  credentials: [],
  quota,
});

describe("Quotas", () => {
  it("let through what the quota allows, two seconds saved up, and one batch on credit; and always again later", () => {
    const step = fc.record({ waitMs: fc.nat(2_000), records: fc.integer({ min: 1, max: 500 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.array(step, { maxLength: 50 }), (quota, steps) => {
        const quotas = new Quotas();
        const owner = producer(quota);
        const start = 1_000_000;
        let now = start;
        let taken = 0;
        for (const { waitMs, records } of steps) {
          now += waitMs;
          const wait = quotas.secondsToWait(owner, now);
          if (wait > 0) {
            expect(quotas.secondsToWait(owner, now + wait * 1_000)).toBe(0);
            now += wait * 1_000;
          }
          quotas.take(owner, records, now);
          taken += records;
          expect(taken).toBeLessThanOrEqual(quota * (2 + (now - start) / 1_000) + 500 + 1e-6);
        }
      }),
    );
  });

  it("are not confused by a clock that was set back", () => {
    const quotas = new Quotas();
    const owner = producer(10);
    quotas.take(owner, 100, 50_000);
    expect(quotas.secondsToWait(owner, 1_000)).toBeGreaterThan(0);
    expect(quotas.secondsToWait(owner, 20_000)).toBe(0);
  });
});
