import fc from "fast-check";
import { ENVELOPE_LAYOUT } from "../rows/envelope-columns.ts";

/** For tests: envelopes with fields of the right and the wrong kind, in the usual and in another order, with unknown ones between. */

const usual = fc.oneof(
  fc.constantFrom("call", "ok", "acme", "sub_1", "2026-11-21T09:30:00.123Z", "2026-02-31T00:00:00.000Z"),
  fc.constantFrom("1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2024-02-29T12:00:00.000Z"),
  fc.constantFrom("0192f000-0000-7000-8000-000000000001", "00000000-0000-0000-0000-000000000000"),
  fc.constantFrom("ab".repeat(32), "0".repeat(64)),
  fc.nat(),
  fc.maxSafeNat(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.string({ unit: "binary" }),
  fc.array(fc.string(), { maxLength: 3 }),
);
const anything = fc.oneof(usual, fc.jsonValue({ maxDepth: 2 }));
const unknownKey = fc.oneof(fc.constantFrom("__proto__", "constructor", "0", "vendor"), fc.string());

function shuffled(members: fc.Arbitrary<[string, unknown][]>): fc.Arbitrary<string> {
  return fc.tuple(members, fc.boolean()).chain(([entries, shuffle]) =>
    (shuffle ? fc.shuffledSubarray(entries) : fc.constant(entries)).map(
      // as text, because an object literal would swallow "__proto__"
      (list) =>
        `{${list.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
    ),
  );
}

function members(known: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<[string, unknown][]> {
  const knownMembers = fc
    .record(known, { requiredKeys: [] })
    .map((part) =>
      Object.keys(known).flatMap((key): [string, unknown][] => (key in part ? [[key, part[key]]] : [])),
    );
  const others = fc.array(fc.tuple(unknownKey, anything), { maxLength: 2 });
  return fc
    .tuple(knownMembers, others)
    .map(([first, rest]) => [...first, ...rest.filter(([key]) => !first.some(([name]) => name === key))]);
}

const parsedText = (text: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  text.map((json): unknown => JSON.parse(json));

/** An envelope-like object, as parsed from JSON. */
export const anyEnvelope: fc.Arbitrary<unknown> = parsedText(
  shuffled(
    members(
      Object.fromEntries(
        Object.entries(ENVELOPE_LAYOUT).map(([key, entry]) => [
          key,
          key === "v"
            ? fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: anything })
            : entry === null || Array.isArray(entry)
              ? anything
              : fc.oneof(
                  {
                    weight: 5,
                    arbitrary: parsedText(
                      shuffled(
                        members(Object.fromEntries(Object.keys(entry).map((field) => [field, anything]))),
                      ),
                    ),
                  },
                  { weight: 1, arbitrary: anything },
                ),
        ]),
      ),
    ),
  ),
);
