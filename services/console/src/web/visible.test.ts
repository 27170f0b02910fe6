import { visible as shared } from "@tripline/service/escape";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CANARIES } from "../../../../test/support/canaries.ts";

const { visible: browser } = (await import("../../web/visible.js" as string)) as { visible: typeof shared };

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...Object.values(CANARIES)));

it("makes the same of every text as the escaping for terminals does", () => {
  fc.assert(
    fc.property(text, fc.boolean(), (hostile, lines) => {
      expect(browser(hostile, { lines })).toBe(shared(hostile, { lines }));
    }),
    { numRuns: 2_000 },
  );
});
