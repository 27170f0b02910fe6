import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSigner, FileStorage, generateSigningKey, openLog } from "../src/index.ts";
import { toHex } from "../src/testing/hex.ts";
import { entriesFrom, entryAt, ORIGIN } from "../src/testing/logs.ts";
import { CompactRange, leafHash } from "../src/tree/index.ts";

const WRITER = join(import.meta.dirname, "../src/testing/writer.ts");
const LIVES = 8;

describe("a writer that is killed with -9 again and again", () => {
  const key = generateSigningKey(ORIGIN);
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "tripline-ledger-"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Runs a writer until it has told of so many checkpoints, kills it in the middle of what comes next. */
  async function live(directory: string, checkpoints: number): Promise<number> {
    const writer = spawn(process.execPath, [WRITER, directory], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TEST_LEDGER_KEY: key.secret },
    });
    const ended = once(writer, "exit");
    let told = 0;
    let size = 0;
    for await (const line of createInterface({ input: writer.stdout })) {
      size = Number(line);
      if (++told === checkpoints) writer.kill("SIGKILL");
    }
    await ended;
    return size;
  }

  it("leaves each time a log that goes on where it was told to be, and in the end the tree of the records", {
    timeout: 120_000,
  }, async () => {
    const directory = join(root, "log");
    const open = () =>
      openLog({ storage: new FileStorage(directory), origin: ORIGIN, signers: [createSigner(key)] });
    let told = 0;
    for (let n = 0; n < LIVES; n++) {
      const size = await live(directory, 1 + ((n * 5) % 7));
      expect(size).toBeGreaterThan(told);
      told = size;
      const log = await open();
      expect(log.published.size).toBeGreaterThanOrEqual(told);
      const { size: published } = log.published;
      await log.append(published, entriesFrom(published, log.size - published)); // what was stored behind it is the same
      for (let bundle = 0; bundle * 256 < published; bundle++) await log.reader().entries(bundle);
    }
    const log = await open();
    await log.append(log.size, entriesFrom(log.size, 100));
    const { size, root: last } = await log.checkpoint();
    const range = new CompactRange();
    for (let i = 0; i < size; i++) range.append(leafHash(entryAt(i)));
    expect(toHex(last)).toBe(toHex(range.root()));
  });
});
