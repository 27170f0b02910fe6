import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../checkpoint/index.ts";
import { parseVerifierKey, type Signer } from "../note/index.ts";
import { createSigner, generateSigningKey } from "../signer/index.ts";
import { MemoryStorage } from "../storage/index.ts";
import { toHex } from "../testing/hex.ts";
import { entriesFrom, entryAt, memoryLogOf, ORIGIN, openTestLog, signer, verifier } from "../testing/logs.ts";
import { CompactRange } from "../tree/compact-range.ts";
import { EMPTY_ROOT, leafHash } from "../tree/hashing.ts";

function rootOf(size: number): string {
  const range = new CompactRange();
  for (let i = 0; i < size; i++) range.append(leafHash(entryAt(i)));
  return toHex(range.root());
}

const partialsIn = (storage: MemoryStorage) =>
  [...storage.files.keys()].filter((path) => path.includes(".p/")).sort();

describe("a log", () => {
  it("begins with a signed checkpoint of nothing", async () => {
    const storage = new MemoryStorage();
    const log = await openTestLog({ storage });
    expect(log.size).toBe(0);
    const note = storage.files.get("checkpoint") ?? new Uint8Array();
    expect(openCheckpoint(note, [verifier])).toMatchObject({ origin: ORIGIN, size: 0, root: EMPTY_ROOT });
  });

  it("publishes what was appended, in pieces of any size", async () => {
    const storage = new MemoryStorage();
    const log = await openTestLog({ storage });
    let size = 0;
    for (const count of [1, 0, 254, 1, 1, 255, 700, 3]) {
      await log.append(size, entriesFrom(size, count));
      size += count;
      const published = await log.checkpoint();
      expect(published.size).toBe(size);
      expect(toHex(published.root)).toBe(rootOf(size));
      const stored = storage.files.get("checkpoint") ?? new Uint8Array();
      expect(openCheckpoint(stored, [verifier])).toMatchObject({ size, root: published.root });
    }
    expect(toHex(await log.reader().entry(1000))).toBe(toHex(entryAt(1000)));
  });

  it("keeps only the partial files that its tree has no full ones for", async () => {
    const { storage, log } = await memoryLogOf(3);
    await log.append(3, entriesFrom(3, 2));
    await log.checkpoint();
    const at = (width: number) => [`tile/0/000.p/${width}`, `tile/entries/000.p/${width}`];
    expect(partialsIn(storage)).toEqual([...at(3), ...at(5)].sort());
    await log.append(5, entriesFrom(5, 251));
    await log.checkpoint();
    expect(partialsIn(storage)).toEqual(["tile/1/000.p/1"]);
    const again = await openTestLog({ storage });
    await again.append(256, entriesFrom(256, 65_280));
    await again.checkpoint();
    expect(partialsIn(storage)).toEqual(["tile/2/000.p/1"]);
  });

  it("removes partial files that an earlier process left", async () => {
    const { storage } = await memoryLogOf(3);
    const log = await openTestLog({ storage });
    await log.append(3, entriesFrom(3, 300));
    await log.checkpoint();
    expect(partialsIn(storage).filter((path) => path.endsWith(".p/3"))).toEqual([]);
  });

  it("writes nothing while it does not grow", async () => {
    const { storage, log } = await memoryLogOf(300);
    const before = new Map(storage.files);
    const published = log.published;
    expect(await log.checkpoint()).toBe(published);
    expect(storage.files).toEqual(before);
  });

  it("takes records again that it has, and refuses others in their place, and gaps", async () => {
    const { log } = await memoryLogOf(600);
    await log.append(0, entriesFrom(0, 600));
    await log.append(500, entriesFrom(500, 120));
    expect(log.size).toBe(620);
    const other = entriesFrom(10, 3).map((entry) => entry.map((byte) => byte ^ 1));
    for (const at of [0, 254, 255, 256, 511, 512, 600, 619]) {
      const conflict = log.append(at, [...entriesFrom(at, 0), ...other]);
      await expect(conflict).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_CONFLICT" });
    }
    await expect(log.append(621, entriesFrom(621, 1))).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_GAP" });
    await expect(log.append(-1, [])).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_INVALID" });
    const tooLong = [entryAt(620), new Uint8Array(65_536)];
    await expect(log.append(620, tooLong)).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_INVALID" });
    expect(log.size).toBe(620);
    expect(toHex((await log.checkpoint()).root)).toBe(rootOf(620));
  });

  it("keeps the order of calls that do not wait for one another", async () => {
    const { log } = await memoryLogOf(0);
    const calls: Promise<unknown>[] = [];
    for (let at = 0; at < 3000; at += 100) {
      calls.push(log.append(at, entriesFrom(at, 100)));
      if (at % 700 === 0) calls.push(log.checkpoint());
    }
    await Promise.all(calls);
    expect(toHex((await log.checkpoint()).root)).toBe(rootOf(3000));
  });

  it("copies the entries that it is given", async () => {
    const { log } = await memoryLogOf(0);
    const entry = entryAt(0);
    await log.append(0, [entry]);
    entry.fill(0);
    expect(toHex((await log.checkpoint()).root)).toBe(rootOf(1));
  });

  it("says so when its checkpoint or a tile that it needs is gone or changed, and does not begin anew", async () => {
    const { storage } = await memoryLogOf(300);
    const files = new Map(storage.files);
    for (const path of ["checkpoint", "tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"]) {
      storage.files.delete(path);
      await expect(openTestLog({ storage }), path).rejects.toMatchObject({
        code: "TRIPLINE_LEDGER_MISSING",
        paths: [path],
      });
      const whole = files.get(path) ?? new Uint8Array();
      storage.files.set(
        path,
        whole.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
      );
      const code = path === "checkpoint" ? /NOTE_MALFORMED|SIGNATURE_INVALID|UNSIGNED/ : /DAMAGED/;
      await expect(openTestLog({ storage }), path).rejects.toMatchObject({
        code: expect.stringMatching(code),
      });
      storage.files.set(path, whole);
    }
    await expect(openTestLog({ create: false })).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_MISSING" });
    await expect(openTestLog({ storage, origin: "another" })).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_INVALID",
    });
  });

  it("is signed by the old key and the new one, then by the new one, without a break", async () => {
    const { storage } = await memoryLogOf(10);
    const next = generateSigningKey(ORIGIN);
    const both = await openTestLog({ storage, signers: [signer, createSigner(next)] });
    await both.checkpoint(); // no new leaf, but a new key
    const note = storage.files.get("checkpoint") ?? new Uint8Array();
    expect(openCheckpoint(note, [next.verifier]).size).toBe(10);
    const later = await openTestLog({ storage, signers: [createSigner(next)] });
    await later.append(10, entriesFrom(10, 10));
    await later.checkpoint();
    const last = storage.files.get("checkpoint") ?? new Uint8Array();
    expect(openCheckpoint(last, [next.verifier]).size).toBe(20);
    expect(() => openCheckpoint(last, [verifier])).toThrow();
    await expect(openTestLog({ storage })).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_UNSIGNED" });
    const witnessed = await openTestLog({ storage, verifiers: [next.verifier, verifier] });
    expect(witnessed.size).toBe(20);
  });

  it("is cosigned before it is published, also when it did not grow, and never otherwise than it was", async () => {
    const storage = new MemoryStorage();
    const seen: [number, number][] = [];
    let cosigned = "— nobody AAAAAAAA\n";
    const log = await openTestLog({
      storage,
      cosign: async (note, reader) => {
        const { size } = reader.head;
        seen.push([openCheckpoint(storage.files.get("checkpoint") ?? note, [verifier]).size, size]);
        if (size > 0) await reader.entry(size - 1);
        return new Uint8Array(Buffer.concat([note, Buffer.from(cosigned)]));
      },
    });
    await log.append(0, entriesFrom(0, 5));
    const { note } = await log.checkpoint();
    expect(Buffer.from(note).toString()).toMatch(/\n— nobody AAAAAAAA\n$/);
    cosigned = "— nobody AAAAAAAB\n";
    expect((await log.checkpoint()).note).not.toEqual(note);
    expect(seen).toEqual([
      [0, 5],
      [5, 5],
    ]);
    await expect(
      openTestLog({ storage, cosign: async () => signerless }).then((other) => other.checkpoint()),
    ).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_NOTE_MALFORMED" });
  });

  it("is signed by an object that keeps its key to itself, as one of a KMS does", async () => {
    class Remote implements Signer {
      readonly #key = generateSigningKey(ORIGIN);
      readonly name = ORIGIN;
      readonly keyId = this.#key.verifier.keyId;
      readonly verifierKey = this.#key.verifier.verifierKey;
      async sign(message: Uint8Array): Promise<Uint8Array> {
        return createSigner(this.#key).sign(message);
      }
    }
    const remote = new Remote();
    const log = await openTestLog({ signers: [remote] });
    await log.append(0, entriesFrom(0, 5));
    const { note } = await log.checkpoint();
    expect(openCheckpoint(note, [parseVerifierKey(remote.verifierKey)]).size).toBe(5);
  });

  it("goes on after a witness or signer that failed for a time", async () => {
    let down = true;
    const log = await openTestLog({
      cosign: async (note) => {
        if (down) throw new Error("no witness answers");
        return note;
      },
    });
    await log.append(0, entriesFrom(0, 5));
    await expect(log.checkpoint()).rejects.toThrow("no witness answers");
    await log.append(5, entriesFrom(5, 5));
    down = false;
    expect(toHex((await log.checkpoint()).root)).toBe(rootOf(10));
  });

  it("stays failed when a tile could not be written", async () => {
    const storage = new MemoryStorage();
    const log = await openTestLog({ storage });
    storage.write = async () => {
      throw new Error("the disk is full");
    };
    const failing = log.append(0, entriesFrom(0, 300)).then(() => log.checkpoint());
    await expect(failing).rejects.toThrow("the disk is full");
    await expect(log.checkpoint()).rejects.toThrow("the disk is full");
    await expect(log.append(300, entriesFrom(300, 300))).rejects.toThrow("the disk is full");
    Reflect.deleteProperty(storage, "write");
    await expect(log.checkpoint()).rejects.toThrow("the disk is full");
    const again = await openTestLog({ storage });
    await again.append(0, entriesFrom(0, 600));
    expect(toHex((await again.checkpoint()).root)).toBe(rootOf(600));
  });

  it("takes nothing any more once it is closed", async () => {
    const { log } = await memoryLogOf(5);
    await log.close();
    await expect(log.append(5, entriesFrom(5, 1))).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_INVALID" });
    await expect(log.checkpoint()).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_INVALID" });
  });
});

const signerless = new Uint8Array(Buffer.from("words\n"));
