import { RFC9162 } from "@transmute/rfc9162";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../testing/hex.ts";
import { CompactRange } from "./compact-range.ts";
import { consistencyProof, verifyConsistency } from "./consistency.ts";
import { EMPTY_ROOT, leafHash, nodeHash } from "./hashing.ts";
import { inclusionProof, rootFromInclusion, verifyInclusion } from "./inclusion.ts";
import { type HashReader, rootAt } from "./subtree.ts";
import { CT_LEAVES, CT_ROOTS } from "./tree.fixture.ts";

const { MTH, PATH, PROOF } = RFC9162;

/** Reads subtrees of leaf hashes in memory, and nothing that is not a perfect subtree of them. */
function readerOf(leaves: readonly Uint8Array[]): HashReader {
  const read = (height: number, index: number): Uint8Array => {
    const leaf = leaves[index];
    if (height > 0) return nodeHash(read(height - 1, index * 2), read(height - 1, index * 2 + 1));
    if (leaf === undefined) throw new RangeError(`no leaf ${index}`);
    return leaf;
  };
  return async (height, index) => read(height, index);
}

function grown(leaves: readonly Uint8Array[]): CompactRange {
  const range = new CompactRange();
  for (const leaf of leaves) range.append(leaf);
  return range;
}

const entries = fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 70 });
const changes = fc.record({ at: fc.nat(), flip: fc.integer({ min: 1, max: 255 }) });

function withChange(hashes: readonly Uint8Array[], { at, flip }: { at: number; flip: number }) {
  const target = at % (hashes.length * 32);
  return hashes.map((hash, n) =>
    hash.map((byte, i) => (n === Math.floor(target / 32) && i === target % 32 ? byte ^ flip : byte)),
  );
}

describe("the tree", () => {
  it("has the roots that Certificate Transparency's test vectors give", async () => {
    const hashes = CT_LEAVES.map(leafHash);
    for (const [n, root] of CT_ROOTS.entries()) {
      expect(toHex(grown(hashes.slice(0, n + 1)).root())).toBe(root);
      expect(toHex(await rootAt(n + 1, readerOf(hashes)))).toBe(root);
    }
    expect(toHex(EMPTY_ROOT)).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(new CompactRange().root()).toEqual(EMPTY_ROOT);
  });

  it("has the root and the proofs that @transmute/rfc9162 gives, which verify", async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), fc.nat(), async (values, a, b) => {
        const hashes = values.map(leafHash);
        const size = values.length;
        const read = readerOf(hashes);
        const root = grown(hashes).root();
        expect(toHex(root)).toBe(toHex(await MTH(values)));

        const index = a % size;
        const proof = await inclusionProof(index, size, read);
        expect(proof.map(toHex)).toEqual((await PATH(index, values)).map(toHex));
        const leaf = leafHash(values[index] ?? new Uint8Array());
        expect(verifyInclusion({ index, size, leafHash: leaf, proof }, root)).toBe(true);

        const from = 1 + (b % size);
        const fromRoot = grown(hashes.slice(0, from)).root();
        const consistency = await consistencyProof(from, size, read);
        // The oracle leaves out the RFC's case in which the old root is itself a node of the new tree, and names it.
        const perfect = Number.isInteger(Math.log2(from)) || from === size;
        const expected = (await PROOF(from, values)).map(toHex);
        expect(consistency.map(toHex)).toEqual(perfect ? expected.slice(1) : expected);
        expect(verifyConsistency({ from, fromRoot, to: size, toRoot: root, proof: consistency })).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("grows out of any of its earlier peaks", () => {
    fc.assert(
      fc.property(entries, fc.nat(), (values, cut) => {
        const hashes = values.map(leafHash);
        const early = grown(hashes.slice(0, cut % values.length));
        const copy = early.copy();
        for (const hash of hashes.slice(early.size)) copy.append(hash);
        expect(copy.root()).toEqual(grown(hashes).root());
        expect(early.size).toBe(cut % values.length);
      }),
    );
  });

  it("tells of each perfect subtree once, with its root", async () => {
    const hashes = Array.from({ length: 300 }, (_, i) => leafHash(Uint8Array.of(i >> 8, i & 255)));
    const told: [number, string][] = [];
    const range = new CompactRange();
    for (const hash of hashes) range.append(hash, (height, root) => told.push([height, toHex(root)]));
    const read = readerOf(hashes);
    const nodes: [number, string][] = [];
    for (let height = 0; 2 ** height <= hashes.length; height++) {
      for (let i = 0; i < Math.floor(hashes.length / 2 ** height); i++)
        nodes.push([height, toHex(await read(height, i))]);
    }
    expect(told.toSorted()).toEqual(nodes.toSorted());
  });
});

describe("a proof", () => {
  it("of inclusion verifies for no other index, size, leaf, root, hash or length", async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), changes, fc.nat(), async (values, at, change, other) => {
        const hashes = values.map(leafHash);
        const size = values.length;
        const index = at % size;
        const read = readerOf(hashes);
        const root = grown(hashes).root();
        const leaf = hashes[index] ?? new Uint8Array();
        const proof = await inclusionProof(index, size, read);
        const claim = { index, size, leafHash: leaf, proof };
        const bad = (changed: Partial<typeof claim>) =>
          expect(verifyInclusion({ ...claim, ...changed }, root)).toBe(false);

        bad({ leafHash: withChange([leaf], change)[0] ?? leaf });
        if (proof.length > 0) bad({ proof: withChange(proof, change) });
        if (proof.length > 0) bad({ proof: proof.slice(1) });
        bad({ proof: [...proof, leaf] });
        bad({ proof: [...proof, leaf.subarray(1)] });
        const elsewhere = other % size;
        if (toHex(hashes[elsewhere] ?? leaf) !== toHex(leaf)) bad({ index: elsewhere });
        bad({ index: size });
        bad({ index: index + 0.5 });
        bad({ index: -1 });
        expect(verifyInclusion(claim, withChange([root], change)[0] ?? root)).toBe(false);
      }),
    );
  });

  it("of consistency verifies for no other sizes, roots, hashes or length", async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), changes, async (values, at, change) => {
        const hashes = values.map(leafHash);
        const to = values.length;
        const from = 1 + (at % to);
        const proof = await consistencyProof(from, to, readerOf(hashes));
        const claim = {
          from,
          fromRoot: grown(hashes.slice(0, from)).root(),
          to,
          toRoot: grown(hashes).root(),
          proof,
        };
        const bad = (changed: Partial<typeof claim>) =>
          expect(verifyConsistency({ ...claim, ...changed })).toBe(false);
        const other = (hash: Uint8Array) => withChange([hash], change)[0] ?? hash;

        bad({ fromRoot: other(claim.fromRoot) });
        bad({ toRoot: other(claim.toRoot) });
        if (proof.length > 0) bad({ proof: withChange(proof, change) });
        if (proof.length > 0) bad({ proof: proof.slice(1) });
        bad({ proof: [...proof, claim.toRoot] });
        bad({ from: to + 1 });
        bad({ from: from - 0.5 });
        bad({ from: 0 });
        if (from < to) bad({ to: from });
      }),
    );
  });

  it("of anything made up is refused and never throws", () => {
    const sizes = fc.oneof(fc.nat(300), fc.maxSafeNat(), fc.double(), fc.constant(-1));
    const hash = fc.uint8Array({ minLength: 31, maxLength: 33 });
    fc.assert(
      fc.property(sizes, sizes, hash, hash, fc.array(hash, { maxLength: 60 }), (a, b, one, two, proof) => {
        expect(verifyInclusion({ index: a, size: b, leafHash: one, proof }, two)).toBe(false);
        if (a !== 0 && a !== b)
          expect(verifyConsistency({ from: a, fromRoot: one, to: b, toRoot: two, proof })).toBe(false);
      }),
    );
  });

  it("is right at the largest sizes that there are", () => {
    const size = Number.MAX_SAFE_INTEGER;
    const leaf = leafHash(Uint8Array.of(1));
    const proof = Array.from({ length: 53 }, (_, i) => leafHash(Uint8Array.of(2, i)));
    const led = rootFromInclusion({ index: 0, size, leafHash: leaf, proof });
    expect(led).toEqual(proof.reduce((hash, sibling) => nodeHash(hash, sibling), leaf));
    expect(rootFromInclusion({ index: 0, size, leafHash: leaf, proof: proof.slice(1) })).toBeNull();
  });

  it("is refused for trees that do not exist", async () => {
    const read = readerOf(CT_LEAVES.map(leafHash));
    const code = { code: "TRIPLINE_LEDGER_INVALID" };
    expect(() => inclusionProof(8, 8, read)).toThrow(expect.objectContaining(code));
    expect(() => consistencyProof(9, 8, read)).toThrow(expect.objectContaining(code));
    expect(() => consistencyProof(1, 2 ** 53, read)).toThrow(expect.objectContaining(code));
    expect(() => new CompactRange(-1)).toThrow(expect.objectContaining(code));
    expect(await consistencyProof(0, 8, read)).toEqual([]);
    expect(await consistencyProof(8, 8, read)).toEqual([]);
  });
});
