import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createDetection, type DetectionInput } from "../../engine/detection.ts";
import { parseRules } from "../../rule/parse-rule.ts";
import { shortRecordSchema } from "../../rule/rule-test-schema.ts";
import { correlationText, toolRule } from "../../rule/rule-text.testing.ts";
import { copyState } from "../../state/snapshots.testing.ts";
import { recordsOf } from "../../test-rule.ts";

const WINDOW_S = 10;
const RULES = { a: toolRule("a"), b: toolRule("[b, ab]"), c: toolRule("[c, ab]") };
const TOOLS = ["a", "b", "c", "ab", "none"] as const;

interface Call {
  at: number; // seconds
  tool: (typeof TOOLS)[number];
  amount: number;
  key: string;
}

const calls = fc.array(
  fc.record<Call>({
    at: fc.integer({ min: 1, max: 60 }),
    tool: fc.constantFrom(...TOOLS),
    amount: fc.integer({ min: -3, max: 9 }),
    key: fc.constantFrom("local:one", "local:two"),
  }),
  { maxLength: 25 },
);

function inputsOf(list: readonly Call[]): DetectionInput[] {
  const inputs = recordsOf(
    list.map(({ at, tool, amount, key }) =>
      shortRecordSchema.parse({ at: `${at}s`, tool, args: { amount }, credential: key }),
    ),
  );
  return inputs.map((input) => ({ ...input, appendTime: Number.MAX_SAFE_INTEGER }));
}

function detectionOf(correlation: string): ReturnType<typeof createDetection> {
  const text = correlationText({
    rules: RULES,
    correlation: `{ ${correlation}, group-by: [credential], timespan: ${WINDOW_S}s }`,
    tripline: "{ quiet: 1ms }",
  });
  return createDetection(
    parseRules([{ file: "x.yaml", text }]).filter(({ id }) => id === "rule-under-test"),
    { incidents: null },
  );
}

/** Of each record, whether it raised an alert. */
function told(correlation: string, list: readonly Call[]): boolean[] {
  const detection = detectionOf(correlation);
  const state = detection.initialState();
  return inputsOf(list).map((input) => detection.step(state, input).alerts.length > 0);
}

const inRule = (rule: keyof typeof RULES, { tool }: Call): boolean =>
  rule === "a" ? tool === "a" : rule === tool || tool === "ab";

/** The calls of the same key within the time span that ends with a call, the call last. */
function windowOf(list: readonly Call[], index: number): Call[] {
  const last = list[index];
  if (last === undefined) return [];
  const before = list.slice(0, index + 1);
  return before.filter(({ at, key }) => key === last.key && at >= last.at - WINDOW_S && at <= last.at);
}

type Naive = (window: readonly Call[]) => boolean;
const matched = (window: readonly Call[]): Call[] =>
  window.filter(({ tool }) => tool !== "none" && tool !== "c");
const amounts = (window: readonly Call[]): number[] => matched(window).map(({ amount }) => amount);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function inOrder(window: readonly Call[]): boolean {
  const steps = ["a", "b", "c"] as const;
  const from = (step: number, before: number, used: readonly Call[]): boolean => {
    const rule = steps[step];
    if (rule === undefined) return true;
    return window.some(
      (call) =>
        call.at >= before &&
        !used.includes(call) &&
        inRule(rule, call) &&
        from(step + 1, call.at, [...used, call]),
    );
  };
  return from(0, 0, []);
}

/** Each type, with what it means of one window. Counted are calls of the rules a and b. */
const TYPES: [string, (call: Call) => boolean, Naive][] = [
  [
    "type: event_count, rules: [a, b], condition: { gte: 3 }",
    (call) => matched([call]).length > 0,
    (window) => matched(window).length >= 3,
  ],
  [
    "type: event_count, rules: [a, b], condition: { gt: 1, lte: 3 }",
    (call) => matched([call]).length > 0,
    (window) => matched(window).length > 1 && matched(window).length <= 3,
  ],
  [
    "type: value_count, rules: [a, b], condition: { field: args.amount, gte: 3 }",
    (call) => matched([call]).length > 0,
    (window) => new Set(amounts(window)).size >= 3,
  ],
  [
    "type: value_sum, rules: [a, b], condition: { field: args.amount, gt: 12 }",
    (call) => matched([call]).length > 0,
    (window) => sum(amounts(window)) > 12,
  ],
  [
    "type: value_avg, rules: [a, b], condition: { field: args.amount, lte: 1 }",
    (call) => matched([call]).length > 0,
    (window) => sum(amounts(window)) / amounts(window).length <= 1,
  ],
  [
    "type: value_median, rules: [a, b], condition: { field: args.amount, eq: 4 }",
    (call) => matched([call]).length > 0,
    (window) => amounts(window).sort((x, y) => x - y)[Math.ceil(amounts(window).length / 2) - 1] === 4,
  ],
  [
    "type: temporal, rules: [a, b, c]",
    ({ tool }) => tool !== "none",
    (window) => (["a", "b", "c"] as const).every((rule) => window.some((call) => inRule(rule, call))),
  ],
  [
    "type: temporal, condition: a and b and not c",
    ({ tool }) => tool !== "none",
    (window) =>
      window.some((call) => inRule("a", call)) &&
      window.some((call) => inRule("b", call)) &&
      !window.some((call) => inRule("c", call)),
  ],
];

it.each(TYPES)(
  "in order of time each record is judged over exactly its window: %s",
  (correlation, counts, naive) => {
    fc.assert(
      fc.property(calls, (unordered) => {
        const list = unordered.toSorted((x, y) => x.at - y.at);
        const marks = told(correlation, list);
        const momentsOf = (which: (call: Call, index: number) => boolean): string[] => [
          ...new Set(list.filter(which).map(({ key, at }) => `${key} ${at}`)), // an alert is not repeated in its millisecond
        ];
        expect(momentsOf((_call, index) => marks[index] === true)).toEqual(
          momentsOf((call, index) => counts(call) && naive(windowOf(list, index))),
        );
      }),
    );
  },
);

it("temporal_ordered finds a chain where there is one", () => {
  fc.assert(
    fc.property(calls, (unordered) => {
      const list = unordered.toSorted((x, y) => x.at - y.at);
      const found = told("type: temporal_ordered, rules: [a, b, c]", list).some(Boolean);
      expect(found).toBe(list.some((_call, index) => inOrder(windowOf(list, index))));
    }),
  );
});

const MONOTONE = [
  "type: event_count, rules: [a, b], condition: { gte: 3 }",
  "type: temporal, rules: [a, b, c]",
  "type: temporal_ordered, rules: [a, b, c]",
];

it.each(MONOTONE)("late records change who completes it and not whether it is found: %s", (correlation) => {
  fc.assert(
    fc.property(
      calls.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      ([list, shuffled]) => {
        // Nothing is later than a window: all of it lies within one and a half.
        const near = (call: Call): Call => ({ ...call, at: 1 + (call.at % WINDOW_S) });
        const keysOf = (each: readonly Call[]): string[] => {
          const marks = told(correlation, each);
          return [...new Set(each.filter((_call, index) => marks[index]).map(({ key }) => key))].sort();
        };
        const ordered = list.map(near).toSorted((x, y) => x.at - y.at);
        expect(keysOf(shuffled.map(near))).toEqual(keysOf(ordered));
      },
    ),
  );
});

it.each([...TYPES.map(([correlation]) => correlation), "type: temporal_ordered, rules: [a, b, c]"])(
  "goes on from a snapshot as if there had been none: %s",
  (correlation) => {
    fc.assert(
      fc.property(calls, fc.nat(25), (list, cut) => {
        const detection = detectionOf(correlation);
        const inputs = inputsOf(list);
        const one = detection.initialState();
        const whole = inputs.flatMap((input) => detection.step(one, input).alerts);
        const two = detection.initialState();
        const before = inputs.slice(0, cut).flatMap((input) => detection.step(two, input).alerts);
        const three = detection.initialState();
        copyState(two.tables, three.tables);
        const after = inputs.slice(cut).flatMap((input) => detection.step(three, input).alerts);
        expect([...before, ...after]).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  },
);
