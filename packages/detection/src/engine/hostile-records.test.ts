import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { benchRules } from "../../bench/workload/hundred-rules.ts";
import { randomNumbers } from "../../bench/workload/stream.ts";
import { parseRules } from "../rule/parse-rule.ts";
import { createDetection } from "./detection.ts";
import { hostileRecords } from "./hostile-records.testing.ts";

const directory = new URL("../../rules/", import.meta.url);
const rules = parseRules(
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({ file, text: readFileSync(new URL(file, directory), "utf8") })),
);
const RECORDS = 10_000; // enough for some of each kind of the largest; `bench/fuzz.ts` sends more

it("judges hostile records without failing, and its state stays plain", () => {
  const detection = createDetection([...rules, ...benchRules(30)], {
    feeds: rules.filter(({ stage }) => stage === 2),
  });
  const state = detection.initialState();
  const next = hostileRecords(randomNumbers(1));
  let alerts = 0;
  let facts = 0;
  for (let count = 0; count < RECORDS; count += 1) {
    const found = detection.step(state, next());
    alerts += found.alerts.length;
    facts += found.facts.length;
  }
  expect(alerts).toBeGreaterThan(100);
  expect(facts).toBeGreaterThan(100);
  expect(Object.keys(Object.prototype)).toEqual([]);
  // What it keeps can be written: no row throws, none is huge.
  state.tables.begin(0);
  let longest = 0;
  state.tables.drain(
    ({ value }) => {
      longest = Math.max(longest, (value ?? "").length);
    },
    () => true,
  );
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan(2_000_000);
}, 600_000);
