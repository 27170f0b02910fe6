import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partsFromPayload, rowFromPayload, textFromParts } from "./payload-row.ts";

const SALT = "00112233445566778899aabbccddeeff";
const known = fc.record(
  {
    salt: fc.oneof(fc.string(), fc.constantFrom(SALT, "0".repeat(32), SALT.toUpperCase())),
    capture: fc.constantFrom("full", "none"),
    args: fc.jsonValue(),
    args_digest: fc.oneof(fc.string(), fc.constant(SALT)),
    result: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
    error: fc.oneof(fc.string({ unit: "binary" }), fc.constant("")),
    names: fc.dictionary(fc.string(), fc.string()),
    cut: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const anyPayloadText = fc
  .tuple(
    known,
    fc.dictionary(fc.oneof(fc.constantFrom("__proto__", "0", "vendor"), fc.string()), fc.jsonValue()),
    fc.boolean(),
  )
  .chain(([part, others, shuffle]) => {
    const entries = Object.entries({ ...others, ...part });
    return shuffle ? fc.shuffledSubarray(entries) : fc.constant(entries);
  })
  .map((entries) =>
    JSON.stringify(
      JSON.parse(
        `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
      ),
    ),
  );

describe("a payload's row", () => {
  it("gives the payload's exact bytes back, whatever they were", () => {
    fc.assert(
      fc.property(anyPayloadText, (text) => {
        const throughJson = JSON.parse(JSON.stringify(partsFromPayload(JSON.parse(text), text)));
        expect(textFromParts(throughJson)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps no copy of the bytes of an ordinary payload, and its texts apart", () => {
    const text = JSON.stringify({ salt: SALT, args: { path: "/a" }, result: "x", names: { sub_1: "Ana" } });
    expect(partsFromPayload(JSON.parse(text), text)).toEqual({
      args: '{"path":"/a"}',
      result: "x",
      error: "",
      salt: SALT,
      argsDigest: "",
      rest: '{"names":{"sub_1":"Ana"}}',
      raw: "",
    });
  });

  it("reads rows of earlier versions, which kept the salt among the rest", () => {
    const rest = `{"salt":"${SALT}","args_digest":"x"}`;
    const parts = { args: "{}", result: "", error: "", salt: "", argsDigest: "", rest, raw: "" };
    expect(textFromParts(parts)).toBe(`{"salt":"${SALT}","args":{},"args_digest":"x"}`);
  });

  it("holds no lone surrogate, which the table could not keep", () => {
    const text = JSON.stringify({ salt: "00", result: "a\ud800b", args: ["\udc00"] });
    const line = rowFromPayload(
      { tenant: "acme", time: "2026-11-21T09:30:00.123Z", id: "0192f000-0000-7000-8000-000000000001" },
      JSON.parse(text),
      text,
      { generation: "g", partition: 0, offset: 0, appendTime: 0 },
    );
    const row: unknown[] = JSON.parse(line);
    expect(row.every((value) => typeof value !== "string" || value.isWellFormed())).toBe(true);
  });
});
