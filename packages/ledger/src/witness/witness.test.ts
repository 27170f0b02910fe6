import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCheckpoint, openCheckpoint, signCheckpoint } from "../checkpoint/index.ts";
import { encodeText, parseSignatureLines, SIGNATURE_TYPE, type Signer, signNote } from "../note/index.ts";
import { createCosigner, createSigner, generateSigningKey } from "../signer/index.ts";
import { treeOf } from "../testing/tree-of.ts";
import {
  createWitness,
  encodeAddCheckpoint,
  type LogList,
  NOTHING_WITNESSED,
  parseAddCheckpoint,
  parseLogList,
  type WitnessedTree,
  type WitnessMemory,
} from "./index.ts";

const log = generateSigningKey("log.example");
const nextKey = generateSigningKey("log.example");
const stranger = generateSigningKey("log.example");
const unknown = generateSigningKey("unknown.example");
const cosignerKey = generateSigningKey("witness.example", SIGNATURE_TYPE.cosignatureV1);
const logs: LogList = new Map([["log.example", [log.verifier, nextKey.verifier]]]);

const tree = treeOf(Array.from({ length: 20 }, (_, i) => encodeText(`entry ${i}`)));
const fork = treeOf(Array.from({ length: 20 }, (_, i) => encodeText(i < 7 ? `entry ${i}` : `forged ${i}`)));

function memory(): WitnessMemory & { trees: Map<string, WitnessedTree> } {
  const trees = new Map<string, WitnessedTree>();
  return {
    trees,
    last: (origin) => trees.get(origin) ?? NOTHING_WITNESSED,
    remember: async (origin, next) => void trees.set(origin, next),
  };
}
const cosigner = createCosigner(cosignerKey, () => 1_700_000_000_000);
const witnessOf = (kept: WitnessMemory = memory(), signers: Signer[] = [cosigner]) =>
  createWitness({ logs: () => logs, memory: kept, signers });

async function request(
  from: number,
  to: number,
  options: { of?: typeof tree; signers?: Signer[]; proof?: Uint8Array[]; root?: Uint8Array } = {},
): Promise<Uint8Array> {
  const { of = tree, signers = [createSigner(log)] } = options;
  const root = options.root ?? (await of.root(to));
  const checkpoint = { origin: signers[0]?.name ?? "", size: to, root, extensions: [] };
  const proof = options.proof ?? (from === 0 || from >= to ? [] : await of.consistency(from, to));
  return encodeAddCheckpoint({ oldSize: from, proof, checkpoint: await signCheckpoint(checkpoint, signers) });
}

describe("add-checkpoint", () => {
  it("follows a log as it grows, and answers with cosignatures over its checkpoints", async () => {
    const witness = witnessOf();
    let last = 0;
    for (const size of [0, 1, 2, 2, 7, 8, 8, 13, 20]) {
      const answer = await witness.addCheckpoint(await request(last, size));
      expect(answer, String(size)).toMatchObject({ status: 200, outcome: "cosigned", origin: "log.example" });
      const [signature] = parseSignatureLines(answer.body);
      const text = encodeCheckpoint({
        origin: "log.example",
        size,
        root: await tree.root(size),
        extensions: [],
      });
      expect(cosignerKey.verifier.verify(encodeText(text), signature?.signature ?? new Uint8Array())).toBe(
        true,
      );
      last = size;
    }
  });

  it("tells the size it cosigned last to whoever names another: 409 with text/x.tlog.size", async () => {
    const witness = witnessOf();
    await witness.addCheckpoint(await request(0, 7));
    for (const from of [0, 3, 6]) {
      expect(await witness.addCheckpoint(await request(from, 13))).toMatchObject({
        status: 409,
        contentType: "text/x.tlog.size",
        body: "7\n",
      });
    }
    expect((await witness.addCheckpoint(await request(8, 13))).body).toBe("7\n");
  });

  it.each([
    ["an older checkpoint", () => request(3, 3), 409],
    ["an older checkpoint by the size it has", () => request(7, 3), 400],
    ["another tree of the same size", () => request(7, 7, { root: new Uint8Array(32) }), 409],
    ["another tree that grew", () => request(7, 13, { of: fork, root: new Uint8Array(32) }), 422],
    ["the right tree without proof", () => request(7, 13, { proof: [] }), 422],
    ["a proof where none belongs", async () => request(7, 7, { proof: [await tree.root(3)] }), 422],
    ["a log that is not watched", () => request(7, 13, { signers: [createSigner(unknown)] }), 404],
    ["a key that is not the log's", () => request(7, 13, { signers: [createSigner(stranger)] }), 403],
    ["words", async () => encodeText("hello"), 400],
    ["nothing", async () => new Uint8Array(), 400],
    [
      "a note that is no checkpoint",
      async () =>
        encodeAddCheckpoint({
          oldSize: 7,
          proof: [],
          checkpoint: await signNote("log.example\nwords\n", [createSigner(log)]),
        }),
      400,
    ],
  ])("refuses %s, and remembers nothing of it", async (_what, made, status) => {
    const kept = memory();
    const witness = witnessOf(kept);
    await witness.addCheckpoint(await request(0, 7));
    const before = kept.trees.get("log.example");
    const answer = await witness.addCheckpoint(await made());
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain("\u2014");
    expect(kept.trees).toEqual(new Map([["log.example", before]]));
  });

  it("refuses a fork from where it forked on, with the fork's own valid proof", async () => {
    const witness = witnessOf();
    await witness.addCheckpoint(await request(0, 13));
    const contradicting = await request(13, 20, { of: fork });
    const answer = await witness.addCheckpoint(contradicting);
    expect(answer.status).toBe(422);
    // Two statements of the log's own, which don't go together.
    const { cosigned = "", request: offered = "" } = answer.contradiction ?? {};
    expect(openCheckpoint(encodeText(cosigned), [log.verifier])).toMatchObject({
      size: 13,
      root: await tree.root(13),
    });
    expect(encodeText(offered)).toEqual(contradicting);
    expect((await witness.addCheckpoint(await request(13, 13, { of: fork }))).status).toBe(409);
    expect((await witness.addCheckpoint(await request(13, 20))).status).toBe(200);
  });

  it("takes an empty tree's root only for an empty tree", async () => {
    expect((await witnessOf().addCheckpoint(await request(0, 0, { root: new Uint8Array(32) }))).status).toBe(
      409,
    );
    expect((await witnessOf().addCheckpoint(await request(0, 0))).status).toBe(200);
  });

  it("takes the log's old key, its new one, and both", async () => {
    const witness = witnessOf();
    expect((await witness.addCheckpoint(await request(0, 3))).status).toBe(200);
    const both = [createSigner(log), createSigner(nextKey)];
    expect((await witness.addCheckpoint(await request(3, 5, { signers: both }))).status).toBe(200);
    expect(
      (await witness.addCheckpoint(await request(5, 9, { signers: [createSigner(nextKey)] }))).status,
    ).toBe(200);
  });

  it("never cosigns two trees of one size, whatever is sent at once", async () => {
    const requests = await Promise.all(
      [tree, fork].flatMap((of) =>
        [8, 13, 20].flatMap((size) => [request(0, size, { of }), request(0, size, { of })]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(requests, { minLength: 2 }), async (bodies) => {
        const witness = witnessOf();
        const answers = await Promise.all(bodies.map((body) => witness.addCheckpoint(body)));
        const cosigned = new Set(
          bodies.flatMap((body, i) =>
            answers[i]?.status === 200
              ? [Buffer.from(body).toString("latin1").split("\n").slice(2, 5).join()]
              : [],
          ),
        );
        expect(cosigned.size).toBe(1);
      }),
      { numRuns: 30 },
    );
  });

  it("cosigns nothing that it could not remember", async () => {
    const kept = memory();
    let signed = 0;
    const sign: Signer["sign"] = (message) => {
      signed++;
      return cosigner.sign(message);
    };
    const counting: Signer = { ...cosigner, sign };
    const witness = witnessOf({ ...kept, remember: () => Promise.reject(new Error("disk full")) }, [
      counting,
    ]);
    await expect(witness.addCheckpoint(await request(0, 3))).rejects.toThrow("disk full");
    expect(signed).toBe(0);
  });

  it("cosigns again what it had remembered and could not sign", async () => {
    const kept = memory();
    const failing: Signer = { ...cosigner, sign: () => Promise.reject(new Error("KMS away")) };
    await expect(witnessOf(kept, [failing]).addCheckpoint(await request(0, 3))).rejects.toThrow("KMS away");
    const witness = witnessOf(kept);
    expect((await witness.addCheckpoint(await request(0, 3))).body).toBe("3\n");
    expect((await witness.addCheckpoint(await request(3, 3))).status).toBe(200);
  });

  it("never crashes, and cosigns nothing that is made up or changed", async () => {
    const good = await request(7, 13);
    const witness = witnessOf();
    await witness.addCheckpoint(await request(0, 7));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (body) => {
        expect((await witness.addCheckpoint(body)).status).toBe(400);
      }),
    );
    for (let byte = 0; byte < good.length; byte++) {
      const changed = good.slice();
      changed[byte] = (changed[byte] ?? 0) ^ (1 << (byte % 8));
      expect((await witness.addCheckpoint(changed)).status, `byte ${byte}`).toBeGreaterThanOrEqual(400);
    }
    expect((await witness.addCheckpoint(good)).status).toBe(200);
  });
});

describe("the request's body", () => {
  it("is laid out as the specification has it", async () => {
    const checkpoint = encodeText("note");
    const hash = new Uint8Array(32).fill(1);
    const body = encodeAddCheckpoint({ oldSize: 20852014, proof: [hash], checkpoint });
    expect(new TextDecoder().decode(body)).toBe(
      `old 20852014\n${Buffer.from(hash).toString("base64")}\n\nnote`,
    );
    expect(parseAddCheckpoint(body)).toEqual({ oldSize: 20852014, proof: [hash], checkpoint });
  });

  it.each([
    "old 01\n\nx",
    "old -1\n\nx",
    "old 1 \n\nx",
    "OLD 1\n\nx",
    "old 1\nAAAA\n\nx",
    "old 1\n",
    "1\n\nx",
    "old 1\r\n\r\nx",
  ])("is refused as %j", (text) => {
    expect(parseAddCheckpoint(encodeText(text))).toBeNull();
  });

  it("has at most 63 hashes", () => {
    const proof = (count: number) => Array.from({ length: count }, () => new Uint8Array(32));
    const body = encodeAddCheckpoint({ oldSize: 1, proof: proof(63), checkpoint: encodeText("x") });
    expect(parseAddCheckpoint(body)?.proof).toHaveLength(63);
    expect(() =>
      encodeAddCheckpoint({ oldSize: 1, proof: proof(64), checkpoint: encodeText("x") }),
    ).toThrow();
    const line = `${Buffer.alloc(32).toString("base64")}\n`;
    expect(parseAddCheckpoint(encodeText(`old 1\n${line.repeat(64)}\nx`))).toBeNull();
  });
});

describe("a list of logs", () => {
  const key = log.verifier.verifierKey;

  it("has a line for each key of a log", () => {
    const list = parseLogList(
      encodeText(
        `# ours\nlog ${key} https://x.example\n\nlog ${nextKey.verifier.verifierKey}\nlog ${unknown.verifier.verifierKey}\n`,
      ),
    );
    expect([...list].map(([origin, keys]) => [origin, keys.length])).toEqual([
      ["log.example", 2],
      ["unknown.example", 1],
    ]);
  });

  it.each([
    ["another word", `witness w ${key}\n`],
    ["no key", "log\n"],
    ["a witness's key", `log ${cosignerKey.verifier.verifierKey}\n`],
    ["a changed key", `log ${key.replace("log.example", "log.examples")}\n`],
    ["a key twice", `log ${key}\nlog ${key}\n`],
  ])("is refused with %s, by its line", (_what, text) => {
    expect(() => parseLogList(encodeText(text))).toThrow(
      expect.objectContaining({
        code: "TRIPLINE_LEDGER_POLICY_INVALID",
        message: expect.stringMatching(/line \d/),
      }),
    );
  });
});
