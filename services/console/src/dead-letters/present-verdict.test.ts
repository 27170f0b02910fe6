import { encodeRecord, TOPICS } from "@tripline/events";
import { testAlert, testRecord } from "@tripline/store/testing";
import { describe, expect, it } from "vitest";
import { presentVerdict, signatureBy, type Verdict } from "./present-verdict.ts";
import { REASONS, reasonInWords } from "./reasons.ts";

const unknownKeys = signatureBy(undefined);

function verdict(value: string | Uint8Array | null, topic: string = TOPICS.events): Verdict {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return presentVerdict({ topic, key: "acme/x", value: bytes }, unknownKeys);
}

const good = encodeRecord(testRecord(1));

describe("the verdict about a letter's original", () => {
  it.each([
    ["not JSON", '{"envelope":', { byte: 12, path: null }],
    ["not JSON behind letters of two bytes", '{"ä":1 2}', { byte: 8, path: null }],
    ["a newer version", good.replace('"v":1', '"v":2'), { path: "envelope.v" }],
    ["a number too many", good.replace('"seq":1', '"seq":-1'), { path: "envelope.producer.seq" }],
    ["another payload", good.replace("content 1", "content 2"), { path: null, byte: null }],
    ["not UTF-8", Buffer.concat([Buffer.from("äb"), Buffer.from([0xc0]), Buffer.from("c")]), { byte: 3 }],
    ["cut in a character", Buffer.from("ä").subarray(0, 1), { byte: 1 }],
    ["too large", `{"a":"${"x".repeat(600_000)}"}`, { path: null }],
    ["too deep", "[".repeat(300) + "]".repeat(300), { what: "it is nested deeper than 128 levels" }],
    ["nothing", null, { what: "there is no value" }],
  ])("says where: %s", (_what, value, fault) => {
    expect(verdict(value)).toMatchObject({ state: "still_refused", faults: [fault] });
  });

  it("quotes nothing of the record", () => {
    const found = verdict(good.replace('"outcome":"ok"', '"outcome":"hunter2"'));
    expect(found).toMatchObject({ state: "still_refused", faults: [{ path: "envelope.call.outcome" }] });
    expect(JSON.stringify(found)).not.toContain("hunter2");
    expect(JSON.stringify(verdict("hunter2"))).not.toContain("hunter2");
  });

  it("is good for what is good, and for what it can't judge says so", () => {
    expect(verdict(good)).toEqual({ state: "valid_now" });
    expect(verdict(JSON.stringify(testAlert(1)), TOPICS.alerts)).toEqual({ state: "valid_now" });
    expect(verdict(good, "elsewhere").state).toBe("unknown");
  });
});

it("every reason that a step gives has its words, and one that is new says what to do too", () => {
  for (const reason of [...Object.keys(REASONS), "TRIPLINE_ANYTHING", "constructor", "__proto__"]) {
    for (const topic of Object.values(TOPICS)) {
      const { what, todo } = reasonInWords(reason, topic);
      expect(what.length * todo.length).toBeGreaterThan(0);
    }
  }
});
