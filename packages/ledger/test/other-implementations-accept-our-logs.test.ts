import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requirement } from "../../../test/support/requirements.ts";
import {
  encodeBase64,
  FileStorage,
  leafHash,
  openCheckpoint,
  parseVerifierKey,
  type TiledLog,
  TileReader,
  verifyInclusion,
} from "../src/index.ts";
import { GO_BUILD_MS, goTool } from "../src/testing/go-tools.ts";
import { entriesFrom, ORIGIN, openTestLog, verifier } from "../src/testing/logs.ts";

/** Sizes at and around the edges of tiles; the last has three levels. */
const SIZES = [1, 2, 255, 256, 257, 1000, 65_535, 65_536, 65_800];

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs to its end, whatever that is. */
function run(program: string, args: readonly string[], input = ""): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args);
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        output[stream] += text;
      });
    child.on("error", reject).on("close", (code) => resolve({ code, ...output }));
    child.stdin.on("error", (error) => {
      // It may end before it has read: what it says and its code tell why.
      if (!("code" in error && error.code === "EPIPE")) reject(error);
    });
    child.stdin.end(input);
  });
}

describe.skipIf(requirement("go").missing)("a log's directory", () => {
  let root: string;
  let crosscheck: string;
  let fsck: string;
  let tessera: string;
  let keyFile: string;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "tripline-ledger-"));
    keyFile = join(root, "key");
    writeFileSync(keyFile, verifier.verifierKey);
    crosscheck = await goTool("crosscheck");
    fsck = await goTool("fsck");
    tessera = await goTool("tessera");
  }, GO_BUILD_MS);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function logOf(size: number, name: string): Promise<{ directory: string; log: TiledLog }> {
    const directory = join(root, name);
    const log = await openTestLog({ storage: new FileStorage(directory) });
    const half = Math.floor(size / 2); // a checkpoint on the way, as logs have them
    await log.append(0, entriesFrom(0, half));
    await log.checkpoint();
    await log.append(half, entriesFrom(half, size - half));
    await log.checkpoint();
    return { directory, log };
  }

  /** Proofs of some leaves and earlier sizes. */
  async function proofsOf(log: TiledLog): Promise<string> {
    const reader = log.reader();
    const { size } = reader.head;
    const some = [0, 1, 127, 255, 256, 1000, 65_534, 65_535, size - 1].filter((index) => index < size);
    const encode = (hashes: readonly Uint8Array[]) => hashes.map(encodeBase64);
    const inclusion = some.map(async (index) => ({
      index,
      proof: encode(await reader.inclusionProof(index)),
    }));
    const consistency = some
      .filter((index) => index > 0)
      .map(async (from) => ({ from, proof: encode(await reader.consistencyProof(from)) }));
    return JSON.stringify({
      inclusion: await Promise.all(inclusion),
      consistency: await Promise.all(consistency),
    });
  }

  /** What it says: it ends with 0 whatever it finds. With one worker it waits for ever once that one has found damage. */
  const fscked = async (directory: string): Promise<string> => {
    const log = ["--storage_url", `file://${directory}/`, "--public_key", keyFile];
    return (await run(fsck, [...log, "--ui=false", "--logtostderr", "--N=16"])).stderr;
  };

  it.each(SIZES)(
    "of %d leaves is read and proved the same by golang.org/x/mod/sumdb, and passes Tessera's fsck",
    async (size) => {
      const { directory, log } = await logOf(size, `log-${size}`);
      const proofs = await proofsOf(log);
      const checked = await run(crosscheck, [directory, verifier.verifierKey], proofs);
      expect(checked.stderr).toBe("");
      const given = JSON.parse(proofs);
      expect(JSON.parse(checked.stdout)).toEqual({
        origin: ORIGIN,
        size,
        entries: size,
        inclusion: given.inclusion.length,
        consistency: given.consistency.length,
      });
      expect(await fscked(directory)).toContain(`Successfully fsck'd log with size ${size} `);
    },
  );

  it("is refused by both when one byte of it is another", async () => {
    const { directory, log } = await logOf(700, "damaged");
    const proofs = await proofsOf(log);
    for (const path of [
      "tile/0/001",
      "tile/entries/001",
      "tile/entries/002.p/188",
      "tile/1/000.p/2",
      "checkpoint",
    ]) {
      const file = join(directory, path);
      const whole = readFileSync(file);
      const changed = Buffer.from(whole);
      changed[20] = (changed[20] ?? 0) ^ 1;
      writeFileSync(file, changed);
      expect((await run(crosscheck, [directory, verifier.verifierKey], proofs)).code, path).toBe(1);
      expect(await fscked(directory), path).toMatch(/fsck failed/);
      writeFileSync(file, whole);
    }
    expect(await fscked(directory)).toContain("Successfully fsck'd log");
  });

  it("has proofs that sumdb refuses when one hash of them is another", async () => {
    const { directory, log } = await logOf(700, "proofs");
    const proofs = JSON.parse(await proofsOf(log));
    for (const claim of [proofs.inclusion[2], proofs.consistency[2]]) {
      const [first] = claim.proof;
      claim.proof[0] = encodeBase64(new Uint8Array(32).fill(7));
      const { code, stderr } = await run(
        crosscheck,
        [directory, verifier.verifierKey],
        JSON.stringify(proofs),
      );
      expect(code).toBe(1);
      expect(stderr).toMatch(/inclusion of|consistency with/);
      claim.proof[0] = first;
    }
  });

  it("that Tessera wrote is read and proved by us", async () => {
    const directory = join(root, "tessera");
    const { stdout } = await promisify(execFile)(tessera, ["-directory", directory, "-for", "1ms"]);
    const { leaves, verifier_key: key } = JSON.parse(stdout);
    expect(leaves).toBeGreaterThan(0);
    const storage = new FileStorage(directory);
    const head = openCheckpoint((await storage.read("checkpoint")) ?? new Uint8Array(), [
      parseVerifierKey(key),
    ]);
    expect(head.size).toBe(leaves);
    const reader = new TileReader(storage, head);
    for (const index of [0, leaves - 1]) {
      const proof = await reader.inclusionProof(index);
      const claim = { index, size: head.size, leafHash: leafHash(await reader.entry(index)), proof };
      expect(verifyInclusion(claim, head.root)).toBe(true);
    }
  });
});
