import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, it, vi } from "vitest";
import { benchRules } from "../../bench/workload/hundred-rules.ts";
import { parseRules } from "../rule/parse-rule.ts";
import { createDetection, type DetectionInput } from "./detection.ts";
import { Dispatch } from "./dispatch.ts";
import { sampleInputs } from "./sample-records.testing.ts";

const directory = new URL("../../rules/", import.meta.url);
const shipped = parseRules(
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({ file, text: readFileSync(new URL(file, directory), "utf8") })),
);
const rules = [...shipped, ...benchRules(40)];
const feeds = shipped.filter(({ stage }) => stage === 2);

const detection = createDetection(rules, { feeds });

/** As if there were no dispatch: every rule is asked about every record. */
function withoutDispatch<T>(work: () => T): T {
  const asked = vi.spyOn(Dispatch.prototype, "concernedBy").mockImplementation(function (
    this: Dispatch<never>,
    view,
  ) {
    return this.listeners.filter((listener: { concerns(of: typeof view): boolean }) =>
      listener.concerns(view),
    );
  });
  try {
    return work();
  } finally {
    expect(asked).toHaveBeenCalled();
    asked.mockRestore();
  }
}

function run(inputs: readonly DetectionInput[], by = detection): unknown[] {
  const state = by.initialState();
  return inputs.map((input) => {
    const { alerts, facts } = by.step(state, input);
    return { alerts, facts };
  });
}

it("finds what asking every rule about every record finds", () => {
  let found = 0;
  fc.assert(
    fc.property(fc.array(sampleInputs, { minLength: 1, maxLength: 2 }), (parts) => {
      const inputs = parts.flat();
      const dispatched = run(inputs);
      found += JSON.stringify(dispatched).length;
      expect(dispatched).toEqual(withoutDispatch(() => run(inputs)));
    }),
    { numRuns: 25 },
  );
  expect(found).toBeGreaterThan(10_000);
});

it("finds the same when what it remembers of earlier records is full, or keyed values are long", () => {
  const [sample] = fc.sample(sampleInputs, { numRuns: 1, seed: 7 });
  const few = createDetection(benchRules(10));
  const inputs = Array.from({ length: 4400 }, (_, index) => {
    const { record, appendTime } = sample?.[index % (sample.length || 1)] ?? {
      record: undefined,
      appendTime: 0,
    };
    if (record === undefined) throw new Error("the sample is empty");
    const tool = index % 7 === 0 ? `read_${"x".repeat(300)}${index}` : `send_email_${index}`;
    const target = { ...record.envelope.target, tool };
    const id = `${record.envelope.id}-${index}`;
    return { appendTime, record: { ...record, envelope: { ...record.envelope, id, target } } };
  });
  const judged = (): unknown[] => run(inputs, few);
  expect(judged()).toEqual(withoutDispatch(judged));
});
