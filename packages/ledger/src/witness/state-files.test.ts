import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signCheckpoint } from "../checkpoint/index.ts";
import { createSigner, generateSigningKey, renamedKey } from "../signer/index.ts";
import { createWitnessState, hasWitnessState, openWitnessState, type WitnessedTree } from "./index.ts";

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "witness-")), "state");
});
afterEach(() => rmSync(join(directory, ".."), { recursive: true }));

const log = generateSigningKey("log.example");
const root = (value: number) => new Uint8Array(32).fill(value);
/** As a log with this size would sign it. */
async function treeAt(size: number, origin = "log.example", of = size): Promise<WitnessedTree> {
  const key = renamedKey(log, origin);
  const note = await signCheckpoint({ origin, size, root: root(of), extensions: [] }, [createSigner(key)]);
  return { size, root: root(of), note };
}
const files = () => readdirSync(directory).sort();
const newest = () => join(directory, files().at(-1) ?? "");

describe("a witness's state", () => {
  it("is there again after a start, for every log", async () => {
    await createWitnessState(directory);
    const state = await openWitnessState(directory);
    expect(state.last("log.example").size).toBe(0);
    await state.remember("log.example", await treeAt(3));
    await state.remember("ü.example/名前", await treeAt(1, "ü.example/名前"));
    await state.remember("log.example", await treeAt(5));
    const again = await openWitnessState(directory);
    expect(again.last("log.example")).toEqual(await treeAt(5));
    expect(again.last("ü.example/名前")).toEqual(await treeAt(1, "ü.example/名前"));
    expect(again.last("other").size).toBe(0);
  });

  it("keeps a few former files, no temporary ones, and nobody else may read them", async () => {
    await createWitnessState(directory);
    writeFileSync(join(directory, "state.1.tmp"), "left behind by a crash");
    const state = await openWitnessState(directory);
    for (let size = 1; size < 40; size++) await state.remember("log.example", await treeAt(size));
    expect(files()).toHaveLength(16);
    expect(files().every((name) => /^state-\d{16}$/.test(name))).toBe(true);
    expect(statSync(newest()).mode & 0o077).toBe(0);
    expect((await openWitnessState(directory)).last("log.example").size).toBe(39);
  });

  it("never begins again by itself", async () => {
    await expect(openWitnessState(directory)).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_DAMAGED" });
    expect(await hasWitnessState(directory)).toBe(false);
    await createWitnessState(directory);
    expect(await hasWitnessState(directory)).toBe(true);
    await expect(createWitnessState(directory)).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_CONFLICT" });
    for (const name of files()) rmSync(join(directory, name));
    await expect(openWitnessState(directory)).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_DAMAGED" });
  });

  it("is refused with any one bit changed, or cut off anywhere", async () => {
    await createWitnessState(directory);
    const state = await openWitnessState(directory);
    await state.remember("log.example", await treeAt(3));
    const bytes = readFileSync(newest());
    for (let byte = 0; byte < bytes.length; byte++) {
      const changed = Buffer.from(bytes);
      changed[byte] = (changed[byte] ?? 0) ^ (1 << (byte % 8));
      writeFileSync(newest(), changed);
      await expect(openWitnessState(directory), `byte ${byte}`).rejects.toMatchObject({
        code: "TRIPLINE_LEDGER_DAMAGED",
      });
      writeFileSync(newest(), bytes.subarray(0, byte));
      await expect(openWitnessState(directory), `cut at ${byte}`).rejects.toMatchObject({
        code: "TRIPLINE_LEDGER_DAMAGED",
      });
    }
    writeFileSync(newest(), bytes);
    expect((await openWitnessState(directory)).last("log.example").size).toBe(3);
  });

  it("refuses the second of two that write to it, and goes on for the first", async () => {
    await createWitnessState(directory);
    const first = await openWitnessState(directory);
    const second = await openWitnessState(directory);
    await first.remember("log.example", await treeAt(3));
    await expect(second.remember("log.example", await treeAt(4))).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_UNAVAILABLE",
      cause: { code: "TRIPLINE_LEDGER_CONFLICT" },
    });
    await first.remember("log.example", await treeAt(5));
    // Also when the number it wants was removed long ago.
    const late = await openWitnessState(directory);
    for (let size = 6; size < 40; size++) await first.remember("log.example", await treeAt(size));
    await expect(late.remember("log.example", await treeAt(6, "log.example", 0))).rejects.toMatchObject({
      cause: { code: "TRIPLINE_LEDGER_CONFLICT" },
    });
    expect((await openWitnessState(directory)).last("log.example").size).toBe(39);
  });

  it("takes nothing more once a write failed, until it is opened again", async () => {
    await createWitnessState(directory);
    const state = await openWitnessState(directory);
    const before = files();
    rmSync(directory, { recursive: true });
    await expect(state.remember("log.example", await treeAt(3))).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_UNAVAILABLE",
    });
    await createWitnessState(directory);
    await expect(state.remember("log.example", await treeAt(3))).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_UNAVAILABLE",
    });
    expect(state.last("log.example").size).toBe(0);
    expect(files()).toEqual(before);
  });
});
