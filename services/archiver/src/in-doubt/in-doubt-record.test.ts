import { eventKey, IN_DOUBT_PRODUCER, parseRecord } from "@tripline/events";
import { at, id, testRecord } from "@tripline/store/testing";
import { describe, expect, it } from "vitest";
import { inDoubtRecord, waitOf } from "./in-doubt-record.ts";

const intent = (changes: object = {}) =>
  testRecord(7, {
    type: "call.intent",
    call: {
      id: id(9),
      method: "tools/call",
      started: at(0),
      deadline: at(600_000),
      args_bytes: 20,
      ...changes,
    },
  }).envelope;

describe("the record of a call in doubt", () => {
  it("follows from the intent alone, names no payload, and goes where the call would go", () => {
    const made = inDoubtRecord(intent());
    expect(inDoubtRecord(intent())).toEqual(made);
    const { envelope, payload } = parseRecord(Buffer.from(made.value ?? "").toString());
    const { actor, session, target } = intent();
    expect(payload).toBeUndefined();
    expect(envelope).toMatchObject({
      type: "call",
      time: at(600_000),
      tenant: "acme",
      actor,
      session,
      target,
    });
    expect(envelope.call).toMatchObject({
      id: id(9),
      outcome: "in_doubt",
      started: at(0),
      deadline: at(600_000),
    });
    expect(envelope.producer).toMatchObject({ id: IN_DOUBT_PRODUCER, seq: 7 });
    expect(envelope.producer.boot).not.toBe(intent().producer.boot);
    expect(made.key).toBe(eventKey(intent()));
    const other = testRecord(8, { ...intent(), id: id(8) }).envelope;
    expect(parseRecord(Buffer.from(inDoubtRecord(other).value ?? "").toString()).envelope.id).not.toBe(
      envelope.id,
    );
  });

  it("waits as long as the producer said, whatever its clock says, and not for ever", () => {
    expect(waitOf(intent())).toBe(600_000);
    expect(waitOf(intent({ started: at(-3_600_000), deadline: at(-3_000_000) }))).toBe(600_000);
    expect(waitOf(intent({ deadline: at(90 * 24 * 3_600_000) }))).toBe(24 * 3_600_000);
    expect(waitOf(intent({ deadline: undefined }))).toBeNull();
    expect(waitOf(intent({ deadline: "2026-13-45T00:00:00.000Z" }))).toBeNull();
  });
});
