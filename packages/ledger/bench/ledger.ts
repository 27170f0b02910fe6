import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchResult, type Figure, quantile } from "../../../bench/result.ts";
import { FileStorage, parseNote, TILE_WIDTH, TileReader, verifyInclusion } from "../src/index.ts";
import { type Appended, appendOurs, sizeOnDisk } from "./append.ts";
import { largeTree } from "./large-tree.ts";
import { appendTessera, TESSERA_SETTINGS } from "./tessera.ts";

/** `node packages/ledger/bench/ledger.ts`: append beside Tessera, reading, and proofs of a large tree. Needs Go. */
const APPEND_MS = Number(process.env.BENCH_SECONDS ?? 10) * 1000;
const ROUNDS = 2; // in turns, so that what else the machine does meets each; the best counts
const LARGE = 100_000_123; // leaves, with partial tiles at each level
const PROOFS = 500;
const READ_AHEAD = 16; // bundles
const CPU_GOAL_US = 20; // 100,000 leaves/s on two cores, whatever else they do meanwhile

const directory = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "tripline-bench-"));
let count = 0;
const fresh = () => join(directory, String(count++));

async function append(): Promise<Figure[]> {
  const ours: (Appended & { directory: string })[] = [];
  const theirs = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const place = fresh();
    ours.push({ ...(await appendOurs(place, APPEND_MS)), directory: place });
    for (const [name, settings] of Object.entries(TESSERA_SETTINGS)) {
      const rival = fresh();
      const rate = await appendTessera(rival, APPEND_MS, settings);
      theirs.set(name, Math.max(theirs.get(name) ?? 0, rate));
      rmSync(rival, { recursive: true });
    }
  }
  const rate = Math.max(...ours.map(({ leaves, seconds }) => leaves / seconds));
  const bestRival = Math.max(...theirs.values());
  const last = ours.at(-1) ?? { leaves: 0, directory };
  const { bytes, allocated } = sizeOnDisk(last.directory);
  const checkpoints = ours.flatMap(({ checkpointsMs }) => checkpointsMs);
  return [
    {
      name: "leaves appended, durable and published",
      value: rate,
      unit: "leaves/s",
      goal: { at_least: 100_000 },
    },
    ...[...theirs].map(([name, value]) => ({ name: `Tessera POSIX, ${name}`, value, unit: "leaves/s" })),
    { name: "ours ÷ Tessera's best", value: rate / bestRival, unit: "times", goal: { at_least: 1 } },
    {
      name: "CPU time, all threads",
      value: Math.min(...ours.map(({ cpuUs }) => cpuUs)),
      unit: "µs/leaf",
      goal: { at_most: CPU_GOAL_US },
    },
    { name: "files' length", value: bytes / last.leaves, unit: "B/leaf", goal: { at_most: 90 } },
    { name: "blocks that the file system gave them", value: allocated / last.leaves, unit: "B/leaf" },
    { name: "a checkpoint under this load, p50", value: quantile(checkpoints, 0.5), unit: "ms" },
    { name: "a checkpoint under this load, p99", value: quantile(checkpoints, 0.99), unit: "ms" },
    { name: "read and verified again", value: await readAgain(last.directory), unit: "leaves/s" },
  ];
}

/** Every entry through the verifying reader. */
async function readAgain(place: string): Promise<number> {
  const storage = new FileStorage(place);
  const note = (await storage.read("checkpoint")) ?? new Uint8Array();
  const [, size = "0", root = ""] = parseNote(note).text.split("\n"); // whose key was thrown away
  const head = { size: Number(size), root: Uint8Array.from(Buffer.from(root, "base64")) };
  const reader = new TileReader(storage, head);
  const began = performance.now();
  const bundles = Math.ceil(head.size / TILE_WIDTH);
  const coming: Promise<Uint8Array[]>[] = [];
  let leaves = 0;
  for (let next = 0; leaves < head.size; ) {
    while (next < bundles && coming.length < READ_AHEAD) coming.push(reader.entries(next++));
    leaves += (await coming.shift())?.length ?? 0;
  }
  return (leaves / (performance.now() - began)) * 1000;
}

async function prove(): Promise<Figure[]> {
  const { storage, head, leafAt } = await largeTree(LARGE, fresh());
  const times: number[] = [];
  for (let i = 0; i < PROOFS; i++) {
    const index = Math.floor(Math.random() * LARGE);
    const began = performance.now();
    const proof = await new TileReader(storage, head).inclusionProof(index);
    const holds = verifyInclusion({ index, size: LARGE, leafHash: leafAt(index), proof }, head.root);
    times.push(performance.now() - began);
    if (!holds) throw new Error(`the proof of leaf ${index} does not verify`);
  }
  return [
    { name: "a proof, made and verified, p50", value: quantile(times, 0.5), unit: "ms" },
    {
      name: "a proof, made and verified, p99",
      value: quantile(times, 0.99),
      unit: "ms",
      goal: { at_most: 50 },
    },
  ];
}

try {
  const results: BenchResult[] = [
    { bench: "ledger: append, 48-byte entries, a checkpoint a second, files", figures: await append() },
    { bench: `ledger: one of ${LARGE.toLocaleString("en")} leaves, nothing cached`, figures: await prove() },
  ];
  for (const result of results) console.log(JSON.stringify(result));
} finally {
  rmSync(directory, { recursive: true });
}
