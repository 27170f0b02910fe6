/**
 * What the rules about a group's own past cost: `node bench/kinds.ts [RECORDS] [each]`. Prints JSON: CPU time a record of no
 * rule, of these rules alone, of all shipped rules without them and with them, measured in turns in one process; with `each`
 * also of every one of them alone, above no rule.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { BenchResult, Figure } from "../../../bench/result.ts";
import { createDetection, parseRules, type Rule, splitRules } from "../src/index.ts";
import { OFFICE, RecordStream } from "./workload/stream.ts";

const RECORDS = Number(process.argv[2] ?? 60_000);
const FOLDERS = ["abuse", "spend", "identity", "integrity", "novelty", "tenancy"];
const BATCH = 2000;
const WARM_BATCHES = 15;

interface Lane {
  name: string;
  judge(): void;
  spent: number;
}

const own = rulesIn(FOLDERS);
const others = rulesIn(
  readdirSync(new URL("../rules/", import.meta.url)).filter((folder) => !FOLDERS.includes(folder)),
);
const lanes = [
  laneOf("no rule", []),
  laneOf("of the past", own),
  laneOf("others", others),
  laneOf("all", [...others, ...own]),
  ...(process.argv[3] === "each" ? own.map((rule) => laneOf(rule.id, [rule])) : []),
];
for (let batch = 0; batch < WARM_BATCHES; batch += 1) for (const lane of lanes) lane.judge();
for (const lane of lanes) lane.spent = 0;
const batches = Math.ceil(RECORDS / BATCH);
for (let batch = 0; batch < batches; batch += 1) for (const lane of lanes) lane.judge();
const figures = lanes.map(({ name, spent }): Figure => {
  const value = spent / (batches * BATCH);
  return { name, value, unit: "µs/record" };
});
const result: BenchResult = { bench: "detection: rules about the past of groups", figures };
console.log(JSON.stringify(result));

function laneOf(name: string, rules: readonly Rule[]): Lane {
  const { first, second } = splitRules(rules);
  const detection = createDetection(first, { feeds: second });
  const state = detection.initialState();
  const stream = new RecordStream(OFFICE);
  const lane: Lane = {
    name,
    spent: 0,
    judge() {
      const inputs = stream.next(BATCH);
      const before = process.cpuUsage();
      for (const input of inputs) detection.step(state, input);
      const { user, system } = process.cpuUsage(before);
      lane.spent += user + system;
    },
  };
  return lane;
}

function rulesIn(folders: readonly string[]): Rule[] {
  const root = new URL("../rules/", import.meta.url);
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root))
      .filter((file) => file.endsWith(".yaml"))
      .map((file) => `${folder}/${file}`),
  );
  return parseRules(files.map((file) => ({ file, text: readFileSync(new URL(file, root), "utf8") })));
}
