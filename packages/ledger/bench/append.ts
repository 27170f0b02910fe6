import { randomFillSync } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createSigner, FileStorage, generateSigningKey, openLog } from "../src/index.ts";

const ENTRY_BYTES = 48; // an event id and a SHA-256
const POOL = 65_536;
const BATCH = 1000; // records that an archiver stores at once
const CHECKPOINT_EVERY_MS = 1000;
const BLOCK_BYTES = 512; // what stat counts in

export interface Appended {
  leaves: number;
  /** Until the published checkpoint covered all of them. */
  seconds: number;
  checkpointsMs: number[];
  /** Of all threads, a leaf. */
  cpuUs: number;
}

/** Appends to a log in files for a time, with a checkpoint a second. */
export async function appendOurs(directory: string, forMs: number): Promise<Appended> {
  const signer = createSigner(generateSigningKey("bench.example/tripline"));
  const log = await openLog({ storage: new FileStorage(directory), origin: signer.name, signers: [signer] });
  const pool = Array.from({ length: POOL }, () => randomFillSync(new Uint8Array(ENTRY_BYTES)));
  const checkpointsMs: number[] = [];
  const checkpoint = async () => {
    const began = performance.now();
    await log.checkpoint();
    checkpointsMs.push(performance.now() - began);
  };
  const began = performance.now();
  const cpu = process.cpuUsage();
  let next = began + CHECKPOINT_EVERY_MS;
  let published = Promise.resolve();
  while (performance.now() - began < forMs) {
    const from = log.size % (POOL - BATCH);
    await log.append(log.size, pool.slice(from, from + BATCH));
    if (performance.now() < next) continue;
    next += CHECKPOINT_EVERY_MS;
    published = published.then(checkpoint); // while appending goes on
  }
  await published;
  await checkpoint();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const leaves = log.published.size;
  return { leaves, seconds, checkpointsMs, cpuUs: (user + system) / leaves };
}

/** What a log's files take: their lengths, and the blocks that the file system gave them. */
export function sizeOnDisk(directory: string): { bytes: number; allocated: number } {
  const total = { bytes: 0, allocated: 0 };
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { size, blocks } = statSync(join(entry.parentPath, entry.name));
    total.bytes += size;
    total.allocated += blocks * BLOCK_BYTES;
  }
  return total;
}
