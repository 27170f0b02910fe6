import { TriplineError } from "@tripline/events";
import { expect, test } from "vitest";
import { decisionRecords } from "./decision-records.ts";

function producerThatRejects(code: `TRIPLINE_${string}`) {
  const error = new TriplineError(code, "the log is away", { kind: "retriable" });
  const part = {
    name: "x",
    start: async () => undefined,
    stop: async () => undefined,
    health: () => ({ state: "ready" as const }),
  };
  return { part, write: () => Promise.reject(error) };
}
const DECISION = { kind: "withheld", reason: "r", by: "policy" } as const;

test("a record that waits in the producer's queue counts as written", async () => {
  await decisionRecords(producerThatRejects("TRIPLINE_RECORDS_PENDING")).write("acme", DECISION);
});

test("a record that was not taken must be tried again", async () => {
  const write = decisionRecords(producerThatRejects("TRIPLINE_RECORDS_FULL")).write("acme", DECISION);
  await expect(write).rejects.toMatchObject({ code: "TRIPLINE_RECORDS_FULL", kind: "retriable" });
});
