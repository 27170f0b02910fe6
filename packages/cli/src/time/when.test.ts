import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { duration, localTime, offsetName } from "./show.ts";
import { parseWhen } from "./when.ts";

// Saturday, 10:15 in Zürich (UTC+1); the clocks there went back on Sunday, 25 October 2026.
const NOW = new Date("2026-11-21T09:15:00.000Z");
const zoneBefore = process.env.TZ;

beforeAll(() => {
  process.env.TZ = "Europe/Zurich";
});
afterAll(() => {
  if (zoneBefore === undefined) delete process.env.TZ;
  else process.env.TZ = zoneBefore;
});

describe("parseWhen", () => {
  it.each([
    ["now", "2026-11-21T09:15:00.000Z"],
    ["2h", "2026-11-21T07:15:00.000Z"],
    ["30 m ago", "2026-11-21T08:45:00.000Z"],
    ["1w", "2026-11-14T09:15:00.000Z"],
    ["today", "2026-11-20T23:00:00.000Z"],
    ["Yesterday", "2026-11-19T23:00:00.000Z"],
    ["tuesday", "2026-11-16T23:00:00.000Z"],
    ["tue", "2026-11-16T23:00:00.000Z"],
    ["saturday", "2026-11-20T23:00:00.000Z"],
    ["last saturday", "2026-11-13T23:00:00.000Z"],
    ["last  Tuesday", "2026-11-16T23:00:00.000Z"],
    ["tuesday 14:30", "2026-11-17T13:30:00.000Z"],
    ["yesterday at 9:05:07", "2026-11-20T08:05:07.000Z"],
    ["14:30", "2026-11-21T13:30:00.000Z"],
    ["2026-11-17", "2026-11-16T23:00:00.000Z"],
    ["2026-11-17 08:00", "2026-11-17T07:00:00.000Z"],
    ["2026-11-17T08:00", "2026-11-17T07:00:00.000Z"],
    ["2026-11-17T08:00:00Z", "2026-11-17T08:00:00.000Z"],
    ["2026-11-17T08:00:00.25+05:30", "2026-11-17T02:30:00.250Z"],
  ])("takes %j since as %s", (text, expected) => {
    expect(parseWhen(text, "since", NOW)).toBe(expected);
  });

  it.each([
    ["tuesday", "2026-11-17T23:00:00.000Z"],
    ["2026-11-17", "2026-11-17T23:00:00.000Z"],
    ["today", "2026-11-21T23:00:00.000Z"],
    ["tuesday 14:30", "2026-11-17T13:30:00.000Z"],
    ["2h", "2026-11-21T07:15:00.000Z"],
  ])("takes %j until as %s: a day counts whole", (text, expected) => {
    expect(parseWhen(text, "until", NOW)).toBe(expected);
  });

  it("keeps to the calendar where a day has 25 hours", () => {
    const monday = new Date("2026-10-26T12:00:00.000Z");
    expect(parseWhen("sunday", "since", monday)).toBe("2026-10-24T22:00:00.000Z");
    expect(parseWhen("sunday", "until", monday)).toBe("2026-10-25T23:00:00.000Z");
  });

  it.each([
    "",
    "soon",
    "2026-02-30",
    "2026-13-01T00:00Z",
    "25:00",
    "tu",
    "2 fortnights",
    "tuesday 9",
    "last",
  ])("does not guess at %j", (text) => {
    expect(parseWhen(text, "since", NOW)).toBeNull();
  });
});

describe("showing times", () => {
  it("shows a stored time in the local zone", () => {
    expect(localTime("2026-11-21T09:15:00.042Z")).toBe("2026-11-21 10:15:00.042");
    expect(offsetName(NOW)).toBe("+01:00");
  });

  it("shows lengths of time with a fitting unit", () => {
    expect([0.42, 12.4, 3_210, 250_000].map(duration)).toEqual(["0.4 ms", "12 ms", "3.2 s", "4 min"]);
  });
});
