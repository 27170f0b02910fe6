/**
 * Tripline beside Esper, Siddhi and Flink CEP: the same records, the same questions, one core. Prints one BenchResult a
 * question, and fails when the engines do not find the same: `npm run bench -- cep`, or
 * `npx node bench/cep/main.ts [RECORDS] [TIMES]`.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BenchResult, Figure } from "../result.ts";
import { rightAnswer } from "./naive.ts";
import { classPathOf, PEERS } from "./peers.ts";
import { QUESTIONS, type Question } from "./questions.ts";
import { readRecords, writeRecords } from "./records-file.ts";

const RECORDS = Number(process.argv[2] ?? 1_000_000);
const TIMES = Number(process.argv[3] ?? 2); // the quicker run counts: what else the machine does only ever adds
const WARM_UP = Math.floor(RECORDS * 0.4);
const TIMEOUT_MS = 600_000; // of one run
const ONE_CORE = ["taskset", "-c", "0"];

interface Answer {
  records: number;
  cpuSeconds: number;
  seconds: number;
  matches: number;
  checksum: number;
}
interface Engine {
  name: string;
  unable: readonly Question[];
  command: readonly string[];
}

const directory = mkdtempSync(join(tmpdir(), "tripline-cep-"));
try {
  const file = join(directory, "records.tsv");
  writeRecords(file, RECORDS);
  const right = new Map(QUESTIONS.map((question) => [question, rightAnswer(readRecords(file), question)]));
  const engines = await enginesFor();
  for (const question of QUESTIONS) {
    const figures: Figure[] = [];
    for (const { name, unable, command } of engines) {
      if (unable.includes(question)) continue;
      const answers: Answer[] = [];
      for (let time = 0; time < TIMES; time += 1)
        answers.push(await ask(command, [file, question, String(WARM_UP)]));
      const best = answers.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a));
      const wanted = right.get(question);
      if (best.matches !== wanted?.matches || best.checksum !== wanted.checksum)
        throw new Error(`${name} finds ${best.matches} matches of ${question}, right are ${wanted?.matches}`);
      figures.push({ name, value: best.records / best.cpuSeconds, unit: "records/s by CPU time" });
    }
    figures.push({ name: "matches, the same of all", value: right.get(question)?.matches ?? 0, unit: "" });
    const result: BenchResult = { bench: `complex event processing: ${question}`, figures };
    console.log(JSON.stringify(result));
  }
} finally {
  rmSync(directory, { recursive: true });
}

async function enginesFor(): Promise<Engine[]> {
  const tripline = join(import.meta.dirname, "tripline.ts");
  const node = [process.execPath, "--max-semi-space-size=32", tripline]; // as `npm start` has it
  const engines: Engine[] = [{ name: "Tripline", unable: [], command: node }];
  for (const peer of PEERS) {
    const command = ["java", "-Xmx2g", ...peer.javaOptions, "-cp", await classPathOf(peer), "Peer"];
    engines.push({ name: peer.name, unable: peer.unable, command });
  }
  return engines;
}

async function ask(command: readonly string[], args: readonly string[]): Promise<Answer> {
  const [program = "", ...rest] = [...ONE_CORE, ...command, ...args];
  const { stdout } = await promisify(execFile)(program, rest, { timeout: TIMEOUT_MS });
  const line = stdout.split("\n").find((each) => each.startsWith("{"));
  if (line === undefined) throw new Error(`${command.join(" ")} printed no answer`);
  const answer: Answer = JSON.parse(line);
  return answer;
}
