import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCheckpoint } from "../checkpoint/index.ts";
import { encodeText, SIGNATURE_TYPE, signNote } from "../note/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { createCosigner, createSigner, generateSigningKey } from "../signer/index.ts";
import { codeOf } from "../testing/code-of.ts";
import { treeOf } from "../testing/tree-of.ts";
import { leafHash } from "../tree/index.ts";
import { encodeProof, type LogProof, parseProof, verifyProof } from "./index.ts";

const log = generateSigningKey("log.example");
const witness = generateSigningKey("witness.example", SIGNATURE_TYPE.cosignatureV1);
const policy = parsePolicy(
  encodeText(`log ${log.verifier.verifierKey}\nwitness w ${witness.verifier.verifierKey}\nquorum w\n`),
);
const SIZE = 11;
const entries = Array.from({ length: SIZE }, (_, i) => encodeText(`entry ${i}`));
const tree = treeOf(entries);

async function proofOf(index: number, cosigned = true): Promise<LogProof> {
  const text = encodeCheckpoint({
    origin: "log.example",
    size: SIZE,
    root: await tree.root(SIZE),
    extensions: [],
  });
  const signers = [
    createSigner(log),
    ...(cosigned ? [createCosigner(witness, () => 1_700_000_000_000)] : []),
  ];
  const hashes = await tree.inclusion(index, SIZE);
  return { extra: null, index, hashes, checkpoint: await signNote(text, signers) };
}
const leaf = (index: number) => leafHash(entries[index] ?? new Uint8Array());

describe("a proof file", () => {
  it("is laid out as the specification has it", async () => {
    const proof = await proofOf(5);
    const text = new TextDecoder().decode(encodeProof({ ...proof, extra: encodeText("age") }));
    const [head, ...note] = text.split("\n\n");
    expect(head?.split("\n")).toEqual([
      "c2sp.org/tlog-proof@v1",
      "extra YWdl",
      "index 5",
      ...proof.hashes.map((hash) => Buffer.from(hash).toString("base64")),
    ]);
    expect(note.join("\n\n")).toBe(new TextDecoder().decode(proof.checkpoint));
  });

  it("is read back as it was written", () => {
    fc.assert(
      fc.property(
        fc.record({
          extra: fc.option(fc.uint8Array({ minLength: 1 })),
          index: fc.maxSafeNat(),
          hashes: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
          checkpoint: fc.string({ unit: "grapheme" }).map(encodeText),
        }),
        (proof) => {
          expect(parseProof(encodeProof(proof))).toEqual(proof);
        },
      ),
    );
  });

  const HASH = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  it.each([
    ["nothing", ""],
    ["another version", "c2sp.org/tlog-proof@v2\nindex 0\n\nx"],
    ["no checkpoint", "c2sp.org/tlog-proof@v1\nindex 0\n"],
    ["no index", `c2sp.org/tlog-proof@v1\n${HASH}\n\nx`],
    ["an index with a zero in front", "c2sp.org/tlog-proof@v1\nindex 01\n\nx"],
    ["an index beyond 2^53 - 1", "c2sp.org/tlog-proof@v1\nindex 9007199254740992\n\nx"],
    ["extra data that is not base64", "c2sp.org/tlog-proof@v1\nextra ?\nindex 0\n\nx"],
    ["extra data of no bytes", "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nx"],
    ["extra data twice", "c2sp.org/tlog-proof@v1\nextra YWdl\nextra YWdl\nindex 0\n\nx"],
    ["extra data behind the index", "c2sp.org/tlog-proof@v1\nindex 0\nextra YWdl\n\nx"],
    ["a short hash", "c2sp.org/tlog-proof@v1\nindex 0\nYWdl\n\nx"],
    ["carriage returns", `c2sp.org/tlog-proof@v1\r\nindex 0\r\n${HASH}\r\n\r\nx`],
    ["64 hashes", `c2sp.org/tlog-proof@v1\nindex 0\n${`${HASH}\n`.repeat(64)}\nx`],
  ])("is refused with %s", (_what, text) => {
    expect(codeOf(() => parseProof(encodeText(text)))).toBe("TRIPLINE_LEDGER_PROOF_MALFORMED");
  });

  it("is refused when it is too long or not UTF-8, and not written from what it can't hold", async () => {
    const proof = await proofOf(0);
    expect(codeOf(() => parseProof(new Uint8Array(2_000_001)))).toBe("TRIPLINE_LEDGER_PROOF_MALFORMED");
    expect(codeOf(() => parseProof(Uint8Array.of(0xff)))).toBe("TRIPLINE_LEDGER_PROOF_MALFORMED");
    for (const wrong of [
      { index: -1 },
      { index: 2 ** 53 },
      { hashes: [new Uint8Array(31)] },
      { checkpoint: Uint8Array.of(0xff) },
    ]) {
      expect(codeOf(() => encodeProof({ ...proof, ...wrong }))).toBe("TRIPLINE_LEDGER_PROOF_MALFORMED");
    }
  });

  it("never crashes the parser, and never verifies when it is made up", () => {
    const pieces = fc.constantFrom("c2sp.org/tlog-proof@v1", "index 0", "extra YWdl", HASH, "", "\n");
    const made = fc.array(fc.oneof(pieces, fc.string({ unit: "binary", maxLength: 5 })), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          made.map((lines) => encodeText(lines.join("\n"))),
        ),
        (bytes) => {
          expect(codeOf(() => verifyProof(parseProof(bytes), leaf(0), policy))).toMatch(/^TRIPLINE_LEDGER_/);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("a proof", () => {
  it("verifies for each entry at its place, and for no other entry or place", async () => {
    for (let index = 0; index < SIZE; index++) {
      const proof = parseProof(encodeProof(await proofOf(index)));
      expect(verifyProof(proof, leaf(index), policy)).toMatchObject({ size: SIZE, quorum: true });
      for (let other = 0; other < SIZE; other++) {
        if (other === index) continue;
        expect(codeOf(() => verifyProof(proof, leaf(other), policy))).toBe("TRIPLINE_LEDGER_PROOF_INVALID");
        expect(codeOf(() => verifyProof({ ...proof, index: other }, leaf(index), policy))).toBe(
          "TRIPLINE_LEDGER_PROOF_INVALID",
        );
      }
      expect(codeOf(() => verifyProof({ ...proof, index: SIZE }, leaf(index), policy))).toBe(
        "TRIPLINE_LEDGER_PROOF_INVALID",
      );
    }
  });

  it("needs the quorum", async () => {
    const proof = await proofOf(3, false);
    expect(codeOf(() => verifyProof(proof, leaf(3), policy))).toBe("TRIPLINE_LEDGER_QUORUM_MISSING");
  });

  it("does not verify with any one bit of it changed, nor with one of the leaf's", async () => {
    const file = encodeProof(await proofOf(6));
    for (let byte = 0; byte < file.length; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = file.slice();
        changed[byte] = (changed[byte] ?? 0) ^ (1 << bit);
        expect(
          codeOf(() => verifyProof(parseProof(changed), leaf(6), policy)),
          `${byte}.${bit}`,
        ).not.toBe("none");
      }
    }
    const proof = parseProof(file);
    for (let byte = 0; byte < 32; byte++) {
      const changed = Uint8Array.from(leaf(6));
      changed[byte] = (changed[byte] ?? 0) ^ 1;
      expect(codeOf(() => verifyProof(proof, changed, policy))).toBe("TRIPLINE_LEDGER_PROOF_INVALID");
    }
  });

  it("does not verify with a hash missing, doubled or swapped", async () => {
    const proof = await proofOf(6);
    const { hashes } = proof;
    const [first = new Uint8Array(), second = new Uint8Array(), ...rest] = hashes;
    for (const wrong of [
      hashes.slice(1),
      hashes.slice(0, -1),
      [...hashes, first],
      [second, first, ...rest],
      [],
    ]) {
      expect(codeOf(() => verifyProof({ ...proof, hashes: wrong }, leaf(6), policy))).toBe(
        "TRIPLINE_LEDGER_PROOF_INVALID",
      );
    }
  });
});
