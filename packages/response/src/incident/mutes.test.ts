import type { Mute } from "@tripline/events";
import { expect, test } from "vitest";
import { sampleAlert } from "../testing/sample-alert.ts";
import { muteOfAlert } from "./mutes.ts";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");

function mute(match: Mute["match"], changes: Partial<Mute> = {}): Mute {
  return {
    v: 1,
    kind: "mute",
    id: "m-1",
    tenant: "acme",
    by: "ana",
    at: "2026-11-21T11:00:00.000Z",
    reason: "migration",
    until: "2026-11-21T13:00:00.000Z",
    match,
    ...changes,
  };
}

const covers = (...mutes: Mute[]) => muteOfAlert(mutes, sampleAlert(), NOW)?.id;

test.each([
  [{ rule: "secret-then-send" }, true],
  [{ rule: "secret-then" }, false],
  [{ credential: "local:demo" }, true],
  [{ credential: "local:*" }, false],
  [{ server: "mail" }, true],
  [{ server: "filesystem" }, true],
  [{ server: "print" }, false],
  [{ below: "critical" as const }, true],
  [{ below: "high" as const }, false],
  [{ rule: "secret-then-send", below: "high" as const }, false],
  [{}, false],
])("%j covers: %s", (match, expected) => {
  expect(covers(mute(match)) !== undefined).toBe(expected);
});

test("not another tenant's, and not when it has ended; of several the one that ends last", () => {
  const match = { rule: "secret-then-send" };
  expect(covers(mute(match, { tenant: "other" }))).toBeUndefined();
  expect(covers(mute(match, { until: "2026-11-21T12:00:00.000Z" }))).toBeUndefined();
  const longer = mute(match, { id: "m-2", until: "2026-11-21T14:00:00.000Z" });
  expect(covers(mute(match), longer, mute(match, { id: "m-3" }))).toBe("m-2");
});
