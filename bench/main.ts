/**
 * `npm run bench [-- NAME…]`: runs the benches one after the other, prints a table and writes bench/results/*.json.
 * A bench is a script that prints one BenchResult (or several lines of them) on stdout.
 */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { promisify } from "node:util";
import { type BenchResult, type Figure, meets } from "./result.ts";

const BENCHES: Record<string, string> = {
  tap: "../packages/interceptor/bench/tap.ts",
  "deny-list": "../packages/interceptor/bench/deny-list.ts",
  "stdio-proxy": "../packages/interceptor/bench/stdio-proxy.ts",
  "http-proxy": "../packages/interceptor/bench/http-proxy.ts",
  ledger: "../packages/ledger/bench/ledger.ts",
  log: "../packages/stream/bench/log.ts",
  engine: "../packages/detection/bench/engine.ts",
  rules: "../packages/detection/bench/rules.ts",
  fuzz: "../packages/detection/bench/fuzz.ts",
  cost: "../packages/detection/bench/cost.ts",
  cep: "./cep/main.ts",
  stage: "../services/detector/bench/stage.ts",
  snapshots: "../services/detector/bench/snapshots.ts",
  ingest: "../services/collector/bench/ingest.ts",
  archive: "../services/archiver/bench/archive.ts",
  watch: "../services/responder/bench/watch.ts",
  incidents: "../services/responder/bench/incidents.ts",
  pipeline: "./pipeline.ts",
  refusal: "./refusal.ts",
  issuers: "./issuers.ts",
  hold: "./hold.ts",
  overload: "./overload.ts",
  "embedded-capacity": "./embedded-capacity.ts",
  "kafka-capacity": "./kafka-capacity.ts",
  "embedded-alerts": "./embedded-alerts.ts",
  "kafka-alerts": "./kafka-alerts.ts",
  restart: "./restart.ts",
  verify: "./verify.ts",
};
const TIMEOUT_MS = 90 * 60_000; // `restart` writes ten million records

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench named ${unknown.join(", ")}; there are: ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}

const results: BenchResult[] = [];
for (const [name, script] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const path = new URL(script, import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", path], {
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
    env: { UV_THREADPOOL_SIZE: "16", ...process.env }, // as `npm start` sets it
  });
  for (const line of stdout.split("\n")) {
    if (!line.startsWith('{"bench"')) continue;
    const result: BenchResult = JSON.parse(line);
    results.push(result);
    print(result);
  }
}

const directory = new URL("./results/", import.meta.url);
mkdirSync(directory, { recursive: true });
const at = new Date().toISOString();
const file = new URL(`${at.replaceAll(":", "-")}.json`, directory);
const machine = { cores: cpus().length, model: cpus()[0]?.model ?? "", node: process.version };
writeFileSync(file, `${JSON.stringify({ at, machine, results }, null, 2)}\n`);
console.log(`\nwritten to ${file.pathname}`);

function print({ bench, figures }: BenchResult): void {
  console.log(`\n${bench}`);
  for (const figure of figures) {
    console.log(
      `  ${figure.name.padEnd(46)}${format(figure.value).padStart(12)} ${figure.unit.padEnd(10)} ${verdict(figure)}`,
    );
  }
}

function format(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function verdict(figure: Figure): string {
  const met = meets(figure);
  if (met === null || figure.goal === undefined) return "";
  const goal =
    "at_most" in figure.goal ? `≤ ${figure.goal.at_most}` : `≥ ${figure.goal.at_least.toLocaleString("en")}`;
  return `${met ? "met" : "MISSED"} (goal ${goal})`;
}
